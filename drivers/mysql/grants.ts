import { environmentError } from '../../core/errors.ts';
import { serverSchemas, type DatabaseDumpOptions, type Hideable } from './config.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/** What an account may do, by the pattern of databases that a grant names; `*` for all of them. */
export type Grants = { on: string; privileges: string[] }[];

/** What SHOW GRANTS answers. Grants on a table, a column or a routine give nothing over a database. */
export const grantsIn = (lines: readonly string[]): Grants =>
  lines.flatMap((line) => {
    const [, privileges, on] = /^GRANT (.+) ON (\*|`(?:[^`]|``)+`)\.\* TO /.exec(line) ?? [];
    if (privileges === undefined || on === undefined) return [];
    const named = on === '*' ? on : on.slice(1, -1).replaceAll('``', '`');
    return [{ on: named, privileges: privileges.split(',').map((one) => one.trim()) }];
  });

/** `%` and `_` of a pattern stand for anything unless a backslash comes before. */
const matches = (pattern: string, database: string): boolean =>
  pattern === '*' ||
  new RegExp(
    `^${pattern.replaceAll(
      /\\([%_])|([%_])|[^]/g,
      (one, escaped?: string, wild?: string) =>
        escaped ??
        (wild === undefined ? one.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : wild === '%' ? '.*' : '.'),
    )}$`,
  ).test(database);

export const holds = (grants: Grants, database: string, privilege: string): boolean =>
  grants.some(
    ({ on, privileges }) =>
      matches(on, database) && (privileges.includes(privilege) || privileges.includes('ALL PRIVILEGES')),
  );

/** Those of roles that are in force as well. */
export async function readGrants({ rows }: Session): Promise<Grants> {
  const [row] = await rows<{ roles: string | null }>('SELECT CURRENT_ROLE() AS roles').catch(() => []);
  const roles = row?.roles && row.roles !== 'NONE' && row.roles.includes('@') ? ` USING ${row.roles}` : '';
  const lines = await rows<Record<string, string>>(`SHOW GRANTS FOR CURRENT_USER()${roles}`);
  return grantsIn(lines.map((line) => Object.values(line)[0]!));
}

/** Without any of these a dump of a database cannot be made, or not be loaded in its place. */
const needed = [
  'SELECT',
  'SHOW VIEW',
  'INSERT',
  'CREATE',
  'DROP',
  'ALTER',
  'INDEX',
  'REFERENCES',
  'LOCK TABLES',
];
/** Without these the server shows none of a kind, and does not say that it does. */
const toSee: Readonly<Record<Hideable, string>> = {
  triggers: 'TRIGGER',
  events: 'EVENT',
  routines: 'CREATE ROUTINE',
};

/**
 * Environment error where the account has not what it takes to dump these databases and to load them, or
 * cannot see what the strategy does not say that the dump leaves out.
 */
export async function assertMayDump(
  { service, config }: Pick<MysqlSite, 'service' | 'config'>,
  session: Session,
  databases: readonly string[],
  { without }: Pick<DatabaseDumpOptions, 'without'>,
): Promise<void> {
  const grants = await readGrants(session);
  const refuse = (what: string, found: string[], hint: string): void => {
    if (found.length === 0) return;
    throw environmentError(`${config.user} ${what} of ${service.name}`, {
      found: found.join('; '),
      expected: 'ALL PRIVILEGES on each database that is dumped',
      hint,
    });
  };
  refuse(
    'cannot dump and load databases',
    databases.flatMap((name) => {
      const lacking = needed.filter((privilege) => !holds(grants, name, privilege));
      return lacking.length > 0 ? [`no ${lacking.join(', no ')} on ${name}`] : [];
    }),
    'name by options.databases those that it owns, or have root make the method dump',
  );
  const unseen = (Object.keys(toSee) as Hideable[]).filter((kind) => !without.includes(kind));
  refuse(
    'cannot see everything in databases',
    databases.flatMap((name) =>
      unseen
        .filter((kind) => !holds(grants, name, toSee[kind]))
        .map((kind) => `no ${toSee[kind]} on ${name}: its ${kind} would be left out without a word`),
    ),
    `grant it, or say by options.without that they are left out: [${unseen.join(', ')}]`,
  );
}

/** Who may make definitions that run as somebody else. */
const anyDefiner = ['SUPER', 'SET_ANY_DEFINER', 'SET_USER_ID', 'SET USER'];

/** Environment error where something in them runs as another account, which this one may not say. */
export async function assertOwnDefiners(
  { service, config, product }: Pick<MysqlSite, 'service' | 'config' | 'product'>,
  session: Session,
  databases: readonly string[],
): Promise<void> {
  const grants = await readGrants(session);
  if (anyDefiner.some((one) => holds(grants, '*', one))) return;
  const found = await session.rows<{ name: string }>(
    `SELECT CONCAT(kind, ' ', s, '.', n, ' as ', definer) AS name FROM (
       SELECT 'view' AS kind, table_schema AS s, table_name AS n, definer FROM information_schema.views
       UNION ALL SELECT 'trigger', trigger_schema, trigger_name, definer FROM information_schema.triggers
       UNION ALL SELECT 'event', event_schema, event_name, definer FROM information_schema.events
       UNION ALL SELECT LOWER(routine_type), routine_schema, routine_name, definer FROM information_schema.routines) AS definitions
      WHERE s IN (?) AND definer <> CURRENT_USER() ORDER BY 1`,
    [databases],
  );
  if (found.length === 0) return;
  const shown = found.slice(0, 5).map(({ name }) => name);
  throw environmentError(`${config.user} cannot load what runs as another account at ${service.name}`, {
    found: `${shown.join('; ')}${found.length > 5 ? ` (and ${found.length - 5} more)` : ''}`,
    expected: `definitions that run as ${config.user} itself`,
    hint: `DEFINER = CURRENT_USER, or grant ${product.name === 'MySQL' ? 'SET_ANY_DEFINER (SET_USER_ID before 8.2)' : 'SET USER'}`,
  });
}

/** Databases that the dump takes: those that are named, else all that it sees; that of the load always. */
export async function chosenDatabases(
  { service, config }: Pick<MysqlSite, 'service' | 'config'>,
  { rows }: Session,
  { databases }: Pick<DatabaseDumpOptions, 'databases'>,
): Promise<string[]> {
  const seen = (
    await rows<{ s: string }>(
      'SELECT schema_name AS s FROM information_schema.schemata WHERE schema_name NOT IN (?) ORDER BY s',
      [serverSchemas],
    )
  ).map(({ s }) => s);
  const missing = (databases ?? []).filter((name) => !seen.includes(name));
  if (missing.length > 0)
    throw environmentError(`${config.user} sees no database ${missing.join(', ')} at ${service.name}`, {
      found: seen.join(', ') || 'none',
      expected: databases!.join(', '),
    });
  return databases ? seen.filter((name) => name === config.database || databases.includes(name)) : seen;
}
