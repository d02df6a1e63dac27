import { createHash } from 'node:crypto';
import { environmentError } from '../../../core/errors.ts';
import type { Fingerprint, SourceServer } from '../../../core/existing.ts';
import { serverSchemas } from '../config.ts';
import { columnsByTable } from '../inventory.ts';
import { hidden, hiddenIn } from '../inventory-reading.ts';
import { digestTable } from '../row-digest.ts';
import { quoted, wantsTls, withSession, type Session } from '../session.ts';
import type { MysqlSite } from '../site.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Every table by its rows and every definition, in one snapshot: nothing of the server's own, so that the
 * same data has the same fingerprint on another server. Reads, and writes nothing. `only`: of that database.
 */
export async function fingerprintOf(session: Session, only?: string): Promise<Fingerprint> {
  const { rows } = session;
  // A view is shown without the name of the database that is in use.
  await rows('USE information_schema');
  await rows("SET SESSION time_zone = '+00:00', sql_select_limit = 18446744073709551615");
  await rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await rows('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  const data: Fingerprint['data'] = {};
  const definitions: Fingerprint['definitions'] = {};
  const isMeant = (schema: string): boolean => only === undefined || schema === only;
  for (const [name, { quoted: table, columns }] of await columnsByTable(session, [...serverSchemas], {
    history: null,
  })) {
    if (!isMeant(name.slice(0, name.indexOf('.')))) continue;
    const found = await digestTable(session, table, columns);
    data[name] = { rows: found.rows, digest: sha256(`${found.sum}:${found.xor}`) };
  }
  const objects = await rows<{ kind: string; s: string; n: string }>(
    `SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE') AS kind, table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_schema NOT IN (?)
     UNION ALL SELECT routine_type, routine_schema, routine_name FROM information_schema.routines WHERE routine_schema NOT IN (?)
     UNION ALL SELECT 'TRIGGER', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN (?)
     UNION ALL SELECT 'EVENT', event_schema, event_name FROM information_schema.events WHERE event_schema NOT IN (?)
     ORDER BY kind, s, n`,
    Array.from({ length: 4 }, () => serverSchemas),
  );
  for (const { kind, s, n } of objects.filter((one) => isMeant(one.s))) {
    const [row] = await rows<Record<string, string | null>>(`SHOW CREATE ${kind} ${quoted(s)}.${quoted(n)}`);
    const column = Object.keys(row!).find((one) => /^(?:Create |SQL Original Statement$)/.test(one))!;
    const shown = row![column];
    // The server shows it to its definer, and to who may see all.
    if (typeof shown !== 'string')
      throw environmentError(`the account may not see the text of ${kind.toLowerCase()} ${s}.${n}`, {
        hint: 'grant it SHOW_ROUTINE (MySQL), or SELECT on *.*',
      });
    const text = shown.replace(/ AUTO_INCREMENT=\d+/, '');
    definitions[`${kind.toLowerCase()} ${s}.${n}`] = sha256(text);
  }
  await rows('COMMIT');
  return { data, definitions };
}

/** Of a server that is no part of a drill: it is read in one transaction that may not write. */
export const fingerprintAt = async (
  { host, port, user = 'root', password = '', database }: SourceServer,
  product: string,
): Promise<{ server: string; fingerprint: Fingerprint }> => {
  const service = { endpoint: async () => ({ host, port }) } as unknown as MysqlSite['service'];
  const config = { user } as MysqlSite['config'];
  const tls = await wantsTls({ service, config, password });
  return withSession({ service, config, password, tls }, async (session) => {
    const unseen = await (database === undefined ? hidden(session) : hiddenIn(session, database));
    if (unseen.length > 0)
      throw environmentError('the account sees a part of it, and nothing says what it does not see', {
        found: unseen.join('; '),
      });
    const [row] = await session.rows<{ version: string }>('SELECT @@version AS version');
    return { server: `${product} ${row!.version}`, fingerprint: await fingerprintOf(session, database) };
  });
};
