import type { ActiveFault } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import type { DataFolder } from '../../core/fault.ts';
import { asClientsMeetIt, withSession, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';

/**
 * PostgreSQL's data folder. Its data file is that of the largest table of the application's database, its log
 * the segment that is written to. The server ends in order around damage to a table: after a crash it would
 * lay whole pages of its log over the damage. Damage to the log shows only when it is needed, after a crash.
 */
export const postgresVolume = (site: PostgresSite): DataFolder => ({
  service: site.service,
  folder: site.dataFolder,
  file: async (kind) => `${site.dataFolder}/${await (kind === 'data' ? largestTable(site) : segment(site))}`,
  restartBy: (kind) => (kind === 'data' ? 'stop' : 'kill'),
  aboutToLose: () => askForLostTables(site),
});

/** Relative path of the file, once everything that waited in memory for it is written. */
const largestTable = (site: PostgresSite): Promise<string> =>
  withSession(site, async ({ rows }) => {
    const [row] = await rows<{ path: string }>(
      `SELECT pg_relation_filepath(c.oid) AS path FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.reltablespace = 0 AND NOT ${serverSchema('n.nspname')}
        ORDER BY pg_relation_size(c.oid) DESC, n.nspname, c.relname LIMIT 1`,
    );
    if (!row)
      throw environmentError(`there is no table in ${site.database}`, { expected: 'one with a file' });
    await rows('CHECKPOINT');
    return row.path;
  });

const segment = (site: PostgresSite): Promise<string> =>
  withSession(site, async ({ rows }) => {
    const [row] = await rows<{ name: string }>('SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS name');
    return `pg_wal/${row!.name}`;
  });

/** Tables of the application; Muster's own come and go with the load, and the ledger judges each row. */
const applicationTables = (site: PostgresSite): Promise<string[]> =>
  withSession(site, async ({ rows }) => {
    const found = await rows<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT ${serverSchema('n.nspname')} AND n.nspname <> $1`,
      [site.config.schema],
    );
    return found.map(({ name }) => name);
  });

/**
 * Notes which tables the application has, before a fault takes all of them. Asked again at the end where
 * clients go, wherever that is by then: there while not one of them is back. Nothing is asked of a server
 * that has none, or does not answer as the fault begins.
 */
async function askForLostTables(site: PostgresSite): Promise<Pick<ActiveFault, 'stillThere'>> {
  const before = await applicationTables(site).catch(() => []);
  if (before.length === 0) return {};
  return {
    stillThere: async () => {
      const now = new Set(await applicationTables(asClientsMeetIt(site)));
      if (before.some((name) => now.has(name))) return null;
      return {
        what: `of ${before.length} tables of ${site.database} clients find none`,
        facts: { tablesBefore: before.length },
      };
    },
  };
}
