import { createHash } from 'node:crypto';
import type { Json } from '../../core/timeline.ts';
import { serverSchemas } from './config.ts';
import { linkUserPrefix } from './replication.ts';
import { digestTable, type Column, type TableDigest } from './row-digest.ts';
import { quoted, readSettings, withSession, type Session, type Settings, type Site } from './server.ts';

/** What a MySQL server holds, small enough to keep: definitions and accounts as digests, tables as counts and digests of their rows. */
export interface Inventory {
  /** Of every table, view, routine, trigger and event, by kind and name: SHA-256 of its definition. */
  definitions: Record<string, string>;
  /** Without tables that the load changes. */
  tables: Record<string, TableDigest>;
  /** Of every account and role: SHA-256 of how it is made, and of what it is granted. */
  accounts: Record<string, { account: string; grants: string }>;
  /** Rows of each foreign key whose parent is missing. */
  orphans: Record<string, number>;
  settings: Settings;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Takes stock inside one snapshot, so that counts and rows of all tables belong together. */
export const takeInventory = (site: Site): Promise<Inventory> =>
  withSession(site, async (session) => {
    const { rows } = session;
    await rows("SET SESSION time_zone = '+00:00'");
    await rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await rows('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    const ours = [...serverSchemas, site.config.database];
    const tables = await columnsByTable(session, ours);
    const inventory: Inventory = { definitions: await definitions(session, ours), tables: {}, accounts: await accounts(session), orphans: await orphans(session, ours), settings: await readSettings(session) };
    for (const [name, table] of tables) {
      if (!site.config.volatileTables.includes(name)) inventory.tables[name] = await digestTable(session, table.quoted, table.columns);
    }
    return inventory;
  });

export async function columnsByTable({ rows }: Session, without: string[]): Promise<Map<string, { quoted: string; columns: Column[] }>> {
  const found = await rows<{ s: string; t: string; c: string; type: string; extra: string }>(
    `SELECT c.table_schema AS s, c.table_name AS t, c.column_name AS c, c.data_type AS type, c.extra AS extra
       FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
      WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN (?) ORDER BY s, t, c.ordinal_position`,
    [without],
  );
  const tables = new Map<string, { quoted: string; columns: Column[] }>();
  for (const { s, t, c, type, extra } of found) {
    const table = tables.get(`${s}.${t}`) ?? { quoted: `${quoted(s)}.${quoted(t)}`, columns: [] };
    tables.set(`${s}.${t}`, table);
    table.columns.push({ name: c, type: type.toLowerCase(), generated: /VIRTUAL GENERATED|STORED GENERATED/.test(extra) });
  }
  return tables;
}

/** Everything that has a SHOW CREATE. A counter's present value is data, not definition. */
async function definitions({ rows }: Session, without: string[]): Promise<Record<string, string>> {
  const objects = await rows<{ kind: string; s: string; n: string }>(
    `SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE') AS kind, table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_schema NOT IN (?)
     UNION ALL SELECT routine_type, routine_schema, routine_name FROM information_schema.routines WHERE routine_schema NOT IN (?)
     UNION ALL SELECT 'TRIGGER', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN (?)
     UNION ALL SELECT 'EVENT', event_schema, event_name FROM information_schema.events WHERE event_schema NOT IN (?)`,
    [without, without, without, without],
  );
  const schemas = await rows<{ s: string }>('SELECT schema_name AS s FROM information_schema.schemata WHERE schema_name NOT IN (?)', [without]);
  const out: Record<string, string> = {};
  for (const { s } of schemas) out[`DATABASE ${s}`] = digest(await shown(rows, `SHOW CREATE DATABASE ${quoted(s)}`));
  for (const { kind, s, n } of objects) {
    const text = await shown(rows, `SHOW CREATE ${kind} ${quoted(s)}.${quoted(n)}`);
    out[`${kind} ${s}.${n}`] = digest(text.replace(/ AUTO_INCREMENT=\d+/, ''));
  }
  return out;
}

/** The definition out of what SHOW CREATE answers, whose columns have other names for every kind. */
async function shown(rows: Session['rows'], sql: string): Promise<string> {
  const [row] = await rows<Record<string, string>>(sql);
  const column = Object.keys(row!).find((name) => /^(Create |SQL Original Statement$)/.test(name));
  return row![column!] ?? '';
}

async function accounts({ rows }: Session): Promise<Inventory['accounts']> {
  // Salts are binary; as plain text they would be mangled.
  await rows('SET SESSION print_identified_with_as_hex = ON');
  const found = await rows<{ u: string; h: string }>('SELECT User AS u, Host AS h FROM mysql.user WHERE LEFT(User, ?) <> ? ORDER BY User, Host', [linkUserPrefix.length, linkUserPrefix]);
  const out: Inventory['accounts'] = {};
  for (const { u, h } of found) {
    const created = await rows<Record<string, string>>('SHOW CREATE USER ?@?', [u, h]);
    const grants = await rows<Record<string, string>>('SHOW GRANTS FOR ?@?', [u, h]);
    const lines = grants.map((row) => Object.values(row)[0]!).sort();
    out[`${u}@${h}`] = { account: digest(Object.values(created[0]!)[0]!), grants: digest(lines.join('\n')) };
  }
  return out;
}

async function orphans({ rows }: Session, without: string[]): Promise<Record<string, number>> {
  const keys = await rows<{ s: string; t: string; k: string; c: string; ps: string; pt: string; pc: string }>(
    `SELECT table_schema AS s, table_name AS t, constraint_name AS k, column_name AS c, referenced_table_schema AS ps, referenced_table_name AS pt, referenced_column_name AS pc
       FROM information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL AND table_schema NOT IN (?) ORDER BY s, t, k, ordinal_position`,
    [without],
  );
  const out: Record<string, number> = {};
  for (const name of new Set(keys.map(({ s, t, k }) => `${s}.${t}.${k}`))) {
    const columns = keys.filter(({ s, t, k }) => `${s}.${t}.${k}` === name);
    const { s, t, ps, pt } = columns[0]!;
    const set = columns.map(({ c }) => `child.${quoted(c)} IS NOT NULL`).join(' AND ');
    const same = columns.map(({ c, pc }) => `parent.${quoted(pc)} = child.${quoted(c)}`).join(' AND ');
    const [row] = await rows<{ total: string | number }>(
      `SELECT COUNT(*) AS total FROM ${quoted(s)}.${quoted(t)} child WHERE ${set} AND NOT EXISTS (SELECT 1 FROM ${quoted(ps)}.${quoted(pt)} parent WHERE ${same})`,
    ).catch((error: { code?: string }) => {
      // A parent table that is gone leaves every child an orphan.
      if (error.code !== 'ER_NO_SUCH_TABLE') throw error;
      return rows<{ total: string | number }>(`SELECT COUNT(*) AS total FROM ${quoted(s)}.${quoted(t)} child WHERE ${set}`);
    });
    out[name] = Number(row!.total);
  }
  return out;
}

/** Differences in words, the gravest first; empty when the two hold the same. */
export function inventoryDifferences(before: Inventory, now: Inventory): string[] {
  const out: string[] = [];
  const compare = <Item>(what: string, was: Record<string, Item>, is: Record<string, Item>, changed: (a: Item, b: Item) => string | null): void => {
    for (const name of Object.keys(was)) {
      if (!(name in is)) out.push(`${what} ${name} is missing`);
      else {
        const difference = changed(was[name]!, is[name]!);
        if (difference) out.push(`${what} ${name}: ${difference}`);
      }
    }
    for (const name of Object.keys(is)) if (!(name in was)) out.push(`${what} ${name} was not there before`);
  };
  compare('definition of', before.definitions, now.definitions, (a, b) => (a === b ? null : 'another definition'));
  compare('rows of', before.tables, now.tables, (a, b) => {
    if (a.rows !== b.rows) return `${b.rows} rows, ${a.rows} before`;
    return a.sum === b.sum && a.xor === b.xor ? null : `${a.rows} rows, and not all as before`;
  });
  compare('account', before.accounts, now.accounts, (a, b) => (a.account !== b.account ? 'another password, plugin or attribute' : a.grants !== b.grants ? 'other grants' : null));
  compare('setting', before.settings, now.settings, (a, b) => (a === b ? null : `${b}, was ${a}`));
  for (const [key, count] of Object.entries(now.orphans)) if (count > 0 && count !== (before.orphans[key] ?? 0)) out.push(`foreign key ${key}: ${count} rows without their parent`);
  return out;
}

export const asJson = (inventory: Inventory): Json => JSON.parse(JSON.stringify(inventory)) as Json;
