import { serverSchemas } from './config.ts';
import { type OtherTable, named, type Torn, nothingTorn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/** Those that a dump of this component takes. */
export async function tablesWithoutSnapshot({ config }: MysqlSite, { rows }: Session): Promise<OtherTable[]> {
  const found = await rows<{ s: string; t: string; e: string; keys: string | number }>(
    `SELECT t.table_schema AS s, t.table_name AS t, t.engine AS e,
            (SELECT COUNT(*) FROM information_schema.statistics k WHERE k.table_schema = t.table_schema
              AND k.table_name = t.table_name AND k.index_name = 'PRIMARY') AS \`keys\`
       FROM information_schema.tables t
      WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND t.engine <> 'InnoDB' AND t.table_schema NOT IN (?) ORDER BY 1, 2`,
    [serverSchemas],
  );
  const dumped = (schema: string): boolean => config.databases?.includes(schema) ?? true;
  return found
    .filter(({ s, t }) => dumped(s) && !config.ignoreTables.includes(`${s}.${t}`))
    .map(({ s, t, e, keys }) => ({ name: `${s}.${t}`, engine: e, keyed: Number(keys) > 0 }));
}

const listed = (tables: readonly OtherTable[]): string => tables.map(named).join(', ');
const isInMemory = ({ engine }: OtherTable): boolean => engine === 'MEMORY';

/** What a dump cannot give of them: in words, each table with its engine. */
export function limitsOf(tables: readonly OtherTable[]): string[] {
  const inMemory = tables.filter(isInMemory);
  const others = tables.filter((table) => !isInMemory(table));
  const out: string[] = [];
  if (others.length > 0)
    out.push(
      `no snapshot covers ${listed(others)}: what changes during the dump is of another moment than the rest`,
    );
  if (inMemory.length > 0)
    out.push(
      `${listed(inMemory)}: the rows are in the dump, and gone with the first start of a restored server`,
    );
  return out;
}

/** Says it once of each table, not with every backup. */
export function noteTables(site: MysqlSite, tables: readonly OtherTable[]): void {
  site.noted ??= new Set();
  const unsaid = tables.filter(({ name }) => !site.noted!.has(name));
  for (const { name } of unsaid) site.noted.add(name);
  for (const text of limitsOf(unsaid)) site.note(`${site.component}: ${text}`);
}

/** Of each table something that is another one after every write. */
export type Writes = ReadonlyMap<string, string>;

/** Taken before and after a dump. */
export async function writesTo(session: Session, tables: readonly OtherTable[]): Promise<Writes> {
  // What lies in memory only is gone with the first start of the restored server, whatever the dump has of
  // it.
  const some = tables.filter((table) => !isInMemory(table));
  if (some.length === 0) return new Map();
  return (await countsWrites(session)) ? countedWrites(session) : checksums(session, some);
}

async function countsWrites({ rows }: Session): Promise<boolean> {
  const [row] = await rows<{ ways: string | number }>(
    `SELECT (SELECT COUNT(*) FROM performance_schema.setup_instruments WHERE name = 'wait/io/table/sql/handler' AND enabled = 'YES')
          + (SELECT COUNT(*) FROM performance_schema.setup_consumers WHERE name = 'global_instrumentation' AND enabled = 'YES')
          + (SELECT COUNT(*) = 0 FROM performance_schema.setup_objects WHERE object_type = 'TABLE' AND enabled = 'NO' AND object_schema NOT IN (?)) AS ways`,
    [serverSchemas],
  ).catch(() => [{ ways: 0 }]);
  return Number(row!.ways) === 3;
}

async function countedWrites({ rows }: Session): Promise<Writes> {
  const counted = await rows<{ name: string; writes: string | number }>(
    "SELECT CONCAT(object_schema, '.', object_name) AS name, count_write AS writes FROM performance_schema.table_io_waits_summary_by_table",
  );
  return new Map(counted.map(({ name, writes }) => [name, String(writes)]));
}

/** Reads every row; only where nobody counts. */
async function checksums({ rows }: Session, tables: readonly OtherTable[]): Promise<Writes> {
  const out = new Map<string, string>();
  for (const { name } of tables) {
    const [schema, table] = name.split('.') as [string, string];
    const [row] = await rows<{ Checksum: string | number | null }>('CHECKSUM TABLE ??.??', [schema, table]);
    out.set(name, String(row!.Checksum));
  }
  return out;
}

export async function tornDuring(
  { logEnd }: MysqlSite['product'],
  session: Session,
  tables: readonly OtherTable[],
  before: Writes,
): Promise<Torn> {
  const after = await writesTo(session, tables);
  // A table that nobody has opened yet is not counted.
  const writes = (of: Writes, name: string): string => of.get(name) ?? '0';
  const torn = tables.filter(
    (table) => !isInMemory(table) && writes(before, table.name) !== writes(after, table.name),
  );
  if (torn.length === 0) return nothingTorn;
  const [log] = await session.rows<{ File: string; Position: string | number }>(logEnd);
  return { tables: torn, logEnd: log ? { file: log.File, position: Number(log.Position) } : null };
}
