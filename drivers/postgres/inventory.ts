import { leftOutTables, quickCountMax, type LeftOut } from '../sql/left-out.ts';
import { readDatabases } from './cluster.ts';
import { readHeld } from './held-locks.ts';
import { readCluster, type ClusterState } from './inventory-cluster.ts';
import { readDefinitions } from './inventory-definitions.ts';
import { asText, digestRows, type TableDigest } from './row-digest.ts';
import { quoted, serverCode, withSession, type Session, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';
import { ledgerPrefix } from './workload.ts';

/**
 * What a PostgreSQL server holds, small enough to keep: definitions as digests, tables as counts and digests
 * of their rows. What is in another database than the application's has that one before its name.
 */
export interface Inventory extends ClusterState {
  definitions: Record<string, string>;
  /** Without tables that the load changes. */
  tables: Record<string, TableDigest>;
  /** Rows of those, in the application's database. */
  leftOut: LeftOut;
  /** Tables that are emptied by a crash. */
  unlogged: string[];
  sequences: Sequences;
  /** Indexes that no query uses, because they were never finished. */
  invalid: string[];
  /** Tables and views of an application in the schema that is left out as Muster's own. */
  strangers: string[];
}

/**
 * `last`: the number given last; null for none. `used`: the highest of the rows that it is for; null for
 * none.
 */
export type Sequences = Record<string, { last: string | null; step: string; used: string | null }>;

const label = (site: PostgresSite, database: string, name: string): string =>
  database === site.database ? name : `${database}: ${name}`;

const inSnapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';

export async function takeInventory(site: PostgresSite): Promise<Inventory> {
  const { shared, databases } = await withSession(site, async (session) => ({
    shared: await readCluster(session, site),
    // What every new database begins with is in none of their dumps.
    databases: [...(await readDatabases(session)).open, ...(await openTemplate(session))],
  }));
  const inventory: Inventory = {
    ...shared,
    definitions: Object.fromEntries(
      Object.entries(shared.databases).map(([name, digest]) => [`DATABASE ${name}`, digest]),
    ),
    tables: {},
    leftOut: Object.fromEntries(leftOutTables(site.config).map((name) => [name, null])),
    unlogged: [],
    sequences: {},
    invalid: [],
    strangers: [],
  };
  for (const database of databases)
    await withSession(site, (session) => readDatabase(site, session, database, inventory), { database });
  return inventory;
}

async function openTemplate({ rows }: Session): Promise<string[]> {
  const found = await rows<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datname = 'template1' AND datallowconn",
  );
  return found.map(({ name }) => name);
}

/** Inside one snapshot, so that counts and rows of all tables belong together. */
async function readDatabase(
  site: PostgresSite,
  session: Session,
  database: string,
  into: Inventory,
): Promise<void> {
  const { rows } = session;
  await rows(asText);
  await rows(inSnapshot);
  const own = site.config.schema;
  Object.assign(
    into.definitions,
    await readDefinitions(session, own, (kind, name) => `${kind} ${label(site, database, name)}`),
  );
  const tables = await rows<{ s: string; t: string; persistence: string }>(
    `SELECT n.nspname AS s, c.relname AS t, c.relpersistence AS persistence FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND (c.relkind = 'r' OR c.relispopulated) AND NOT ${serverSchema('n.nspname')} AND n.nspname <> $1 ORDER BY 1, 2`,
    [own],
  );
  for (const { s, t, persistence } of tables) {
    const name = label(site, database, `${s}.${t}`);
    const table = `${quoted(s)}.${quoted(t)}`;
    if (persistence === 'u') into.unlogged.push(name);
    if (Object.hasOwn(into.leftOut, name)) into.leftOut[name] = await countRows(session, table);
    else into.tables[name] = await digestRows(session, table);
  }
  const objects = await digestRows(session, 'pg_catalog.pg_largeobject');
  if (objects.rows > 0) into.tables[label(site, database, 'large objects')] = objects;
  Object.assign(into.sequences, await readSequences(site, session, database));
  const invalid = await rows<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND NOT ${serverSchema('n.nspname')} AND n.nspname <> $1 ORDER BY 1`,
    [own],
  );
  into.invalid.push(...invalid.map(({ name }) => label(site, database, name)));
  into.strangers.push(...(await readStrangers(site, session, database)));
}

/** In another database than the application's nothing is Muster's. */
async function readStrangers(site: PostgresSite, { rows }: Session, database: string): Promise<string[]> {
  const found = await rows<{ s: string; t: string }>(
    `SELECT n.nspname AS s, c.relname AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname = $1 ORDER BY 1, 2`,
    [site.config.schema],
  );
  return found
    .filter(({ t }) => database !== site.database || !t.startsWith(ledgerPrefix))
    .map(({ s, t }) => label(site, database, `${s}.${t}`));
}

export async function readSequences(
  site: PostgresSite,
  { rows }: Session,
  database: string,
): Promise<Sequences> {
  const found = await rows<{
    name: string;
    last: string | null;
    step: string;
    table: string | null;
    column: string | null;
  }>(
    `SELECT s.schemaname || '.' || s.sequencename AS name, s.last_value::text AS last, s.increment_by::text AS step,
            CASE WHEN t.relkind IN ('r', 'p') THEN quote_ident(tn.nspname) || '.' || quote_ident(t.relname) END AS table, quote_ident(a.attname) AS column
       FROM pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename
       LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
       LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
      WHERE NOT ${serverSchema('s.schemaname')} AND s.schemaname <> $1 ORDER BY 1`,
    [site.config.schema],
  );
  const out: Sequences = {};
  for (const { name, last, step, table, column } of found) {
    const highest =
      table && column
        ? (await rows<{ used: string | null }>(`SELECT max(${column})::text AS used FROM ${table}`))[0]!.used
        : null;
    out[label(site, database, name)] = { last, step, used: highest };
  }
  return out;
}

/**
 * What may rightly have changed since the inventory was taken. `held`: locks, in words without who has them.
 */
export interface JustBefore {
  sequences: Sequences;
  held: string[];
  /** Null where that could not be counted at once. */
  leftOut: LeftOut | null;
}

/** A short look. */
export async function lookJustBefore(site: PostgresSite): Promise<JustBefore> {
  const databases = await withSession(site, async (session) => (await readDatabases(session)).open);
  const out: Sequences = {};
  for (const database of databases)
    Object.assign(
      out,
      await withSession(site, (session) => readSequences(site, session, database), { database }),
    );
  return { sequences: out, held: await readHeld(site), leftOut: await countAtOnce(site) };
}

/** By no index: one may lack some, or have what is gone. */
async function countRows({ rows }: Session, table: string, limit: number | null = null): Promise<number> {
  const some = limit === null ? '' : ` LIMIT ${limit}`;
  const [row] = await rows<{ total: string }>(
    `SELECT count(*) AS total FROM (SELECT 1 FROM ONLY ${table}${some}) AS counted`,
  );
  return Number(row!.total);
}

/** Waits for nobody, and counts no more than what tells an empty table from a full one. */
async function countAtOnce(site: PostgresSite): Promise<LeftOut | null> {
  const names = leftOutTables(site.config);
  if (names.length === 0) return {};
  try {
    return await withSession(site, async (session) => {
      await session.rows("SET lock_timeout = '1s'");
      const out: LeftOut = {};
      for (const name of names) {
        const [s, t] = name.split('.') as [string, string];
        const table = `${quoted(s)}.${quoted(t)}`;
        const [found] = await session.rows<{ there: string | null }>(
          'SELECT to_regclass($1)::text AS there',
          [table],
        );
        out[name] = found!.there === null ? null : await countRows(session, table, quickCountMax + 1);
      }
      return out;
    });
  } catch (error) {
    if (serverCode(error) === null) throw error;
    return null;
  }
}
