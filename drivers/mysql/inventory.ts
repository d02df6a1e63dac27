import { leftOutTables, quickCountMax, type LeftOut } from '../sql/left-out.ts';
import { ownDatabase } from './config.ts';
import { readFormative } from './formative.ts';
import { readHeld } from './held-locks.ts';
import { readAccounts, type Accounts } from './inventory-accounts.ts';
import { readFinds, type Finds } from './inventory-fulltext.ts';
import { readDerived } from './inventory-derived.ts';
import { readOrphans } from './inventory-orphans.ts';
import { digest, hidden, readable, type Unread } from './inventory-reading.ts';
import {
  readCounters,
  readExtensions,
  readPersistedSettings,
  readStart,
  readUuid,
  readViews,
  readZone,
  type Counters,
} from './inventory-state.ts';
import { isOwnName, isOwnTable, isStranger, ownSchemas, withoutOwn } from './own-tables.ts';
import { wasMadeByReplication } from './replication.ts';
import { digestTable, type Column, type TableDigest } from './row-digest.ts';
import type { MysqlSite } from './site.ts';
import { quoted, serverCode, withSession, type Session } from './session.ts';
import { readClientSettings, readSettings, type Settings } from './server-settings.ts';

/**
 * What a MySQL server holds, small enough to keep: definitions and accounts as digests, tables as counts and
 * digests of their rows.
 */
export interface Inventory {
  /** Of every table, view, routine, trigger and event, by kind and name: SHA-256 of its definition. */
  definitions: Record<string, string>;
  /** Without tables that the load changes. */
  tables: Record<string, TableDigest>;
  /** Rows of those. */
  leftOut: LeftOut;
  /** Of each table whose engine is not InnoDB: the engine. */
  otherEngines: Record<string, string>;
  accounts: Accounts;
  /** Rows of each foreign key whose parent is missing. */
  orphans: Record<string, number>;
  counters: Counters;
  /** Of each view: empty when it selects, else what the server says. */
  views: Record<string, string>;
  fulltext: Record<string, Finds>;
  /** Of each index over what is generated: a digest of what it holds, or of what it finds. */
  derived: Record<string, string>;
  /** By SET PERSIST. */
  persisted: Record<string, string>;
  extensions: string[];
  settings: Settings;
  /** When the server was started, epoch seconds. */
  startedAt: number;
  /** It has been made of another server by replication, which carries rows and no counters. */
  replicated: boolean;
  /** What this account could not read. */
  unread: string[];
  /** Tables of an application in the database that is left out as Muster's own. */
  strangers: string[];
}

/** `held`: locks that keep others from writing, in words. */
export interface JustBefore {
  accounts: Accounts | null;
  counters: Counters;
  held: string[];
  /** Null where that could not be counted at once. */
  leftOut: LeftOut | null;
}

/** Takes stock inside one snapshot, so that counts and rows of all tables belong together. */
export const takeInventory = (site: MysqlSite): Promise<Inventory> =>
  withSession(site, async (session) => {
    const { rows } = session;
    await rows("SET SESSION time_zone = '+00:00', sql_select_limit = 18446744073709551615");
    await rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await rows('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    const ours = ownSchemas(site);
    const unread: Unread = new Set(await hidden(session));
    const tables: Record<string, TableDigest> = {};
    const without = leftOutTables(site.config);
    const readables = await columnsByTable(session, ours, site.product);
    for (const [name, table] of readables) {
      if (without.includes(name) || isOwnName(site, name)) continue;
      const found = await readable(unread, `rows of ${name}`, () =>
        digestTable(session, table.from, table.columns),
      );
      if (found) tables[name] = found;
    }
    const inventory = {
      tables,
      leftOut: await countLeftOut(session, without, readables, unread),
      definitions: await definitions(site, session, unread),
      otherEngines: await otherEngines(session, ours),
      accounts: (await readable(unread, everyAccount, () => readAccounts(session, site))) ?? {},
      orphans: await readOrphans(session, ours, unread),
      counters: withoutOwn(site, await readCounters(session, site.product, ours, unread)),
      views: await readViews(session, ours, unread),
      fulltext: (await readable(unread, 'full-text indexes', () => readFinds(session, ours, without))) ?? {},
      derived:
        (await readable(unread, 'indexes over what is generated', () =>
          readDerived(session, site.product, ours, without),
        )) ?? {},
      persisted:
        (await readable(unread, everyPersisted, () => readPersistedSettings(session, site.product))) ?? {},
      extensions: await readExtensions(session, site.product, unread),
      settings: {
        ...(await readFormative(session)),
        ...(await readSettings(session)),
        ...(await readClientSettings(session)),
        ...(await readZone(session)),
      },
      startedAt: await readStart(session),
      replicated: site.product.replicates && wasMadeByReplication(await readUuid(session)),
      strangers: await readStrangers(site, session),
    };
    return { ...inventory, unread: [...unread] };
  });

export const everyAccount = 'accounts';
export const everyPersisted = 'persisted settings';

/** A short look, for what may rightly have changed since the inventory was taken. */
export const lookJustBefore = (site: MysqlSite): Promise<JustBefore> =>
  withSession(site, async (session) => ({
    accounts: await readable(new Set(), everyAccount, () => readAccounts(session, site)),
    counters: withoutOwn(site, await readCounters(session, site.product, ownSchemas(site), new Set())),
    held: await readHeld(session, site.product, ownSchemas(site)),
    leftOut: await countAtOnce(site, session),
  }));

async function readStrangers(site: MysqlSite, { rows }: Session): Promise<string[]> {
  const found = await rows<{ s: string; t: string }>(
    'SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_schema = ? ORDER BY t',
    [ownDatabase],
  );
  return found.filter(({ s, t }) => isStranger(site, { schema: s, table: t })).map(({ s, t }) => `${s}.${t}`);
}

/** How many rows each of these tables has, `limit` at most. */
async function countLeftOut(
  { rows }: Session,
  names: readonly string[],
  tables: ReadonlyMap<string, Pick<Readable, 'quoted'>>,
  unread: Unread,
  limit: number | null = null,
): Promise<LeftOut> {
  const out: LeftOut = {};
  for (const name of names) {
    const table = tables.get(name);
    out[name] = null;
    if (!table) continue;
    const of = limit === null ? table.quoted : `(SELECT 1 FROM ${table.quoted} LIMIT ${limit}) AS counted`;
    const found = await readable(unread, `rows of ${name}`, () =>
      rows<{ total: string | number }>(`SELECT COUNT(*) AS total FROM ${of}`),
    );
    if (found) out[name] = Number(found[0]!.total);
  }
  return out;
}

/** Waits for nobody, and counts no more than what tells an empty table from a full one. */
async function countAtOnce(site: MysqlSite, session: Session): Promise<LeftOut | null> {
  const names = leftOutTables(site.config);
  if (names.length === 0) return {};
  try {
    await session.rows('SET SESSION lock_wait_timeout = 1');
    const tables = await columnsByTable(session, ownSchemas(site), site.product);
    return await countLeftOut(session, names, tables, new Set(), quickCountMax + 1);
  } catch (error) {
    if (serverCode(error) === null) throw error;
    return null;
  }
}

/** `from`: what all of its rows are read from, past ones too. */
interface Readable {
  quoted: string;
  from: string;
  columns: Column[];
}

export async function columnsByTable(
  { rows }: Session,
  without: string[],
  { history }: Pick<MysqlSite['product'], 'history'>,
): Promise<Map<string, Readable>> {
  const found = await rows<{
    s: string;
    t: string;
    c: string;
    type: string;
    extra: string;
    generated: string | null;
    past: string | number;
  }>(
    `SELECT c.table_schema AS s, c.table_name AS t, c.column_name AS c, c.data_type AS type, c.extra AS extra,
            c.generation_expression AS \`generated\`, t.table_type = 'SYSTEM VERSIONED' AS past
       FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
      WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND c.table_schema NOT IN (?) ORDER BY s, t, c.ordinal_position`,
    [without],
  );
  const tables = new Map<string, Readable>();
  for (const [name, columns] of Map.groupBy(found, ({ s, t }) => `${s}.${t}`)) {
    const { s, t, past } = columns[0]!;
    const plain = `${quoted(s)}.${quoted(t)}`;
    const own = columns.map(({ c, type, extra }) => ({
      name: c,
      type: type.toLowerCase(),
      virtual: extra.includes('VIRTUAL GENERATED'),
    }));
    const isPast = history !== null && Number(past) === 1;
    // Times that the table does not show as columns have names all the same.
    const times = isPast && !columns.some(({ generated }) => /^ROW (START|END)$/i.test(generated ?? ''));
    tables.set(name, {
      quoted: plain,
      from: isPast ? `${plain} ${history.from}` : plain,
      columns: times
        ? [...own, ...history.columns.map((one) => ({ name: one, type: 'timestamp', virtual: false }))]
        : own,
    });
  }
  return tables;
}

async function otherEngines({ rows }: Session, without: string[]): Promise<Record<string, string>> {
  const found = await rows<{ s: string; t: string; e: string }>(
    `SELECT table_schema AS s, table_name AS t, engine AS e FROM information_schema.tables
      WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND engine <> 'InnoDB' AND table_schema NOT IN (?) ORDER BY s, t`,
    [without],
  );
  return Object.fromEntries(found.map(({ s, t, e }) => [`${s}.${t}`, e]));
}

/**
 * Everything that has a SHOW CREATE, and every event but Muster's: in a schema of the server's, too, it may
 * act on any table. A counter's present value is data, not definition.
 */
async function definitions(
  site: MysqlSite,
  { rows }: Session,
  unread: Unread,
): Promise<Record<string, string>> {
  const without = ownSchemas(site);
  const objects = await rows<{ kind: string; s: string; n: string }>(
    `SELECT IF(table_type IN ('VIEW', 'SEQUENCE'), table_type, 'TABLE') AS kind, table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_schema NOT IN (?)
     UNION ALL SELECT routine_type, routine_schema, routine_name FROM information_schema.routines WHERE routine_schema NOT IN (?)
     UNION ALL SELECT 'TRIGGER', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN (?)
     UNION ALL SELECT 'EVENT', event_schema, event_name FROM information_schema.events WHERE event_schema <> ?
     ORDER BY kind, s, n`,
    [without, without, without, ownDatabase],
  );
  const schemas = await rows<{ s: string }>(
    'SELECT schema_name AS s FROM information_schema.schemata WHERE schema_name NOT IN (?) ORDER BY s',
    [without],
  );
  const all = [
    ...schemas.map(({ s }) => ({ name: `DATABASE ${s}`, sql: `DATABASE ${quoted(s)}` })),
    ...objects
      .filter(({ kind, s, n }) => kind !== 'TABLE' || !isOwnTable(site, { schema: s, table: n }))
      .map(({ kind, s, n }) => ({ name: `${kind} ${s}.${n}`, sql: `${kind} ${quoted(s)}.${quoted(n)}` })),
  ];
  const out: Record<string, string> = {};
  for (const { name, sql } of all) {
    const text = await readable(unread, `definition of ${name}`, () => shown(rows, `SHOW CREATE ${sql}`));
    if (text === null) unread.add(`definition of ${name}`);
    else out[name] = digest(text.replace(/ AUTO_INCREMENT=\d+/, ''));
  }
  return out;
}

/** Modes, character sets and zones under which a definition runs, as SHOW CREATE answers them beside it. */
const under = ['sql_mode', 'time_zone', 'character_set_client', 'collation_connection', 'Database Collation'];

/**
 * The definition out of what SHOW CREATE answers, whose columns have other names for every kind. Null where
 * the server shows none.
 */
async function shown(rows: Session['rows'], sql: string): Promise<string | null> {
  const [row] = await rows<Record<string, string | null>>(sql);
  const column = Object.keys(row!).find((name) => /^(Create |SQL Original Statement$)/.test(name));
  const text = row![column!] ?? null;
  return text === null ? null : [text, ...under.map((name) => row![name] ?? '')].join('\n');
}
