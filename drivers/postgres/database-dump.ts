import type { BackupMethod } from '../../core/backup.ts';
import { refuseObstacles } from '../sql/obstacles.ts';
import { everySequence } from './cluster.ts';
import { dumpOptions } from './config.ts';
import { dumpDatabase, toolOf } from './dump.ts';
import { ofNoExtension } from './empty-database.ts';
import { withSession, type PostgresSite, type Session } from './server.ts';
import { serverSchema } from './tables.ts';

export const databaseName = 'database.dump';

/** What the manifest says of a point. */
export interface DatabaseFacts {
  sha256: string;
  database: string;
  by: string;
  /** Sequences that were used, and the last number that each had given by then. */
  sequences: Record<string, string>;
  [key: string]: string | Record<string, string>;
}

/** The application's database in one snapshot, by whatever role owns it and all that is in it. */
export const backupDatabase =
  (site: PostgresSite): NonNullable<BackupMethod['backup']> =>
  (to, { options, signal, now }) =>
    withSession(site, async (session) => {
      const parsed = dumpOptions.parse(options);
      await assertLoadable(site, session);
      // Before pg_dump is even started, hence before its snapshot opens. Early, never late.
      const atMs = now();
      const [position] = await session.rows<{ system: string; lsn: string }>(
        'SELECT system_identifier AS system, pg_current_wal_flush_lsn() AS lsn FROM pg_control_system()',
      );
      const sequences = await session.rows<{ name: string; last: string; step: string }>(everySequence);
      const { database } = site;
      const sha256 = await dumpDatabase(site, to, { database, file: databaseName, options: parsed, signal });
      const facts: DatabaseFacts = {
        sha256,
        database,
        by: site.account.user,
        sequences: Object.fromEntries(
          sequences.filter(({ step }) => !step.startsWith('-')).map(({ name, last }) => [name, last]),
        ),
      };
      return { atMs, position: position!, tool: await toolOf(site), server: site.server, facts };
    });

const ofAnother = (owner: string): string => `NOT pg_has_role(${owner}, 'MEMBER')`;

/**
 * Environment error where the role could not put back what it dumps. A table that it may not even read
 * pg_dump refuses by itself.
 */
export async function assertLoadable(site: PostgresSite, { rows }: Session): Promise<void> {
  const named = async (sql: string): Promise<string[]> =>
    (await rows<{ name: string }>(sql)).map(({ name }) => name);
  const { account, service } = site;
  refuseObstacles(service.name, [
    {
      what: `the database is not ${account.user}'s own`,
      names: await named(
        `SELECT datname || ' of ' || pg_get_userbyid(datdba) AS name FROM pg_database WHERE datname = current_database() AND ${ofAnother('datdba')}`,
      ),
      hint: `ALTER DATABASE … OWNER TO ${account.user}, or have a superuser make the method dump`,
    },
    {
      what: `${account.user} could not make what belongs to other roles`,
      names: await named(
        `SELECT n.nspname || '.' || c.relname || ' of ' || pg_get_userbyid(c.relowner) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE NOT ${serverSchema('n.nspname')} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${ofAnother('c.relowner')} AND ${ofNoExtension('pg_class', 'c.oid')}
         UNION ALL SELECT p.oid::regprocedure || ' of ' || pg_get_userbyid(p.proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE NOT ${serverSchema('n.nspname')} AND ${ofAnother('p.proowner')} AND ${ofNoExtension('pg_proc', 'p.oid')}
         UNION ALL SELECT 'schema ' || n.nspname || ' of ' || pg_get_userbyid(n.nspowner) FROM pg_namespace n
          WHERE NOT ${serverSchema('n.nspname')} AND n.nspname <> 'public' AND ${ofAnother('n.nspowner')} AND ${ofNoExtension('pg_namespace', 'n.oid')}
         ORDER BY 1`,
      ),
      hint: `REASSIGN OWNED BY … TO ${account.user}, or have a superuser make the method dump`,
    },
    {
      what: `${account.user} could not make extensions of other roles`,
      names: await named(
        `SELECT extname || ' of ' || pg_get_userbyid(extowner) AS name FROM pg_extension WHERE extname <> 'plpgsql' AND ${ofAnother('extowner')} ORDER BY 1`,
      ),
      hint: 'have a superuser make the method dump',
    },
  ]);
}
