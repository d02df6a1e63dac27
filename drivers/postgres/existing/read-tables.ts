import { messageOf } from '../../../core/errors.ts';
import { nothingLookedAt, type LookedAt } from '../../sql/usable.ts';
import { quoted, serverCode, withSession, type PostgresSite, type Session } from '../server.ts';
import { serverSchema } from '../tables.ts';

/** Whatever the role and the database have it as; memory that workers share is little in a container. */
const settings = [
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET row_security = off',
  'SET max_parallel_workers_per_gather = 0',
].join('; ');

/** Not allowed, and not let in. */
const denied = ['42501', '28000', '28P01'];

/**
 * Asks each table for a row; `whole`: reads all of each and of each materialised view, and what lies beside
 * their rows (TOAST), which a row as text has put together.
 */
async function lookAtTables({ rows }: Session, whole: boolean, prefix: string): Promise<LookedAt> {
  await rows(settings);
  const found = await rows<{ s: string; t: string; kind: string }>(
    `SELECT n.nspname AS s, c.relname AS t, c.relkind::text AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (c.relkind IN ('r', 'f') OR (c.relkind = 'm' AND c.relispopulated AND ${whole})) AND NOT ${serverSchema('n.nspname')} ORDER BY 1, 2`,
  );
  const looked = nothingLookedAt(found.filter(({ kind }) => kind !== 'm').length, whole);
  for (const { s, t, kind } of found) {
    const name = `${prefix}${s}.${t}`;
    // Its rows lie on another server, or in a file outside.
    if (kind === 'f') {
      looked.unseen.push(name);
      continue;
    }
    const table = `${quoted(s)}.${quoted(t)}`;
    const query = whole
      ? `SELECT count(*)::text AS n, sum(octet_length((r.*)::text))::text AS bytes FROM ONLY ${table} AS r`
      : `SELECT '1' AS n FROM ONLY ${table} LIMIT 1`;
    try {
      const [row] = await rows<{ n: string }>(query);
      if (kind === 'r' && Number(row?.n ?? 0) > 0) looked.holding += 1;
    } catch (error) {
      const code = serverCode(error) ?? '';
      if (!denied.includes(code))
        looked.wrong.push(
          `${kind === 'r' ? 'table' : 'materialised view'} ${name} cannot be read (${messageOf(error)})`,
        );
      else if (kind === 'r') looked.unseen.push(name);
      // A server ends its sessions over a page that brings one of them down.
      if (code === '' || code.startsWith('57P')) return { ...looked, isGone: true };
    }
  }
  return looked;
}

/** `here`: of the database that is meant. `beside`: of each other one, which a data folder holds as well. */
export async function lookAtDatabases(
  site: PostgresSite,
  database: string,
  whole: boolean,
): Promise<{ here: LookedAt; beside: LookedAt[] }> {
  const look = (of: string, prefix: string): Promise<LookedAt> =>
    withSession(site, (session) => lookAtTables(session, whole, prefix), { database: of });
  const here = await look(database, '');
  const beside: LookedAt[] = [];
  if (!whole || here.isGone) return { here, beside };
  const others = await withSession(
    site,
    ({ rows }) =>
      rows<{ name: string }>(
        'SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY 1',
      ),
    { database },
  );
  for (const { name } of others) {
    if (name === database) continue;
    const looked = await look(name, `${name}: `).catch((error: unknown) => {
      if (!denied.includes(serverCode(error) ?? '')) throw error;
      return { ...nothingLookedAt(0, whole), unseen: [`database ${name}`] };
    });
    beside.push(looked);
    if (looked.isGone) break;
  }
  return { here, beside };
}
