import type { CheckOutcome } from '../../../core/check-outcome.ts';
import { messageOf } from '../../../core/errors.ts';
import type { ObjectKind } from '../../../core/existing-plan.ts';
import { noRowAtAll, usableOutcome } from '../../sql/usable.ts';
import { readSequences } from '../inventory.ts';
import { quoted, withSession, type PostgresSite, type Session } from '../server.ts';
import { serverSchema } from '../tables.ts';

const own = `NOT ${serverSchema('n.nspname')}`;

const queries: Record<Exclude<ObjectKind, 'events'>, string> = {
  tables: `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') AND ${own} ORDER BY 1`,
  views: `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${own} ORDER BY 1`,
  routines: `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${own} ORDER BY 1`,
  triggers: `SELECT n.nspname || '.' || c.relname || '.' || t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND ${own} ORDER BY 1`,
  users: "SELECT rolname AS name FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1",
};

export const objectsOf = async ({ rows }: Session, kind: ObjectKind): Promise<string[]> =>
  kind === 'events' ? [] : (await rows<{ name: string }>(queries[kind])).map(({ name }) => name);

interface Named {
  s: string;
  t: string;
}

async function unreadable({
  rows,
}: Session): Promise<{ wrong: string[]; rowsAtAll: boolean; tables: number }> {
  const found = await rows<Named & { kind: string }>(
    `SELECT n.nspname AS s, c.relname AS t, c.relkind::text AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm') AND ${own} ORDER BY 1, 2`,
  );
  const wrong: string[] = [];
  let rowsAtAll = false;
  for (const { s, t, kind } of found) {
    const isTable = kind === 'r' || kind === 'p';
    if (isTable && rowsAtAll) continue;
    const limit = isTable ? 1 : 0;
    await rows(`SELECT 1 FROM ${quoted(s)}.${quoted(t)} LIMIT ${limit}`).then(
      (some) => void (rowsAtAll ||= some.length > 0),
      (error: unknown) =>
        void wrong.push(`${isTable ? 'table' : 'view'} ${s}.${t} cannot be read (${messageOf(error)})`),
    );
  }
  return { wrong, rowsAtAll, tables: found.filter(({ kind }) => kind === 'r' || kind === 'p').length };
}

/** The next number of each has been given already: every insert fails. */
async function behind(site: PostgresSite, session: Session, database: string): Promise<string[]> {
  const sequences = await readSequences(site, session, database);
  return Object.entries(sequences).flatMap(([name, { last, step, used }]) => {
    if (used === null || !/^-?\d+$/.test(used)) return [];
    const isBehind =
      last === null
        ? BigInt(used) > 0n
        : BigInt(step) > 0n
          ? BigInt(last) < BigInt(used)
          : BigInt(last) > BigInt(used);
    return isBehind ? [`sequence ${name} is at ${last ?? 'its beginning'}, and ${used} is in use`] : [];
  });
}

/** Whether what came back holds anything, and whether what it defines can be used. */
export const usability = (site: PostgresSite, database: string): Promise<CheckOutcome> =>
  withSession(
    site,
    async (session) => {
      const { wrong, rowsAtAll, tables } = await unreadable(session);
      if (!rowsAtAll) return noRowAtAll(tables, { tables });
      const open = await session.rows<{ name: string }>(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND ${own}
         UNION ALL SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint WHERE NOT convalidated`,
      );
      wrong.push(
        ...open.map(({ name }) => `${name} was never made valid`),
        ...(await behind(site, session, database)),
      );
      return usableOutcome(tables, wrong);
    },
    { database },
  );
