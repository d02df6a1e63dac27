import { environmentError } from '../../core/errors.ts';
import { refuseObstacles, type Obstacle } from '../sql/obstacles.ts';
import { readDatabases } from './cluster.ts';
import { assertOwnData } from './own-data.ts';
import { withSession, type Session, type PostgresSite } from './server.ts';

/**
 * Environment error when something lies in this server that no restore from a dump can bring back. Asked when
 * a backup is made, and before anything is broken: after the loss it would be too late to change it.
 */
export async function assertRestorable(site: PostgresSite, session: Session): Promise<void> {
  assertSuperuser(site);
  refuseObstacles(site.service.name, [
    ...(await closedDatabases(site, session)),
    ...(await otherTablespaces(session)),
    ...(await namedInTemplate(site)),
  ]);
}

/** A dump of everything reads and writes passwords of roles, and no row may be hidden from it. */
function assertSuperuser({ limited, account, service }: PostgresSite): void {
  if (!limited) return;
  throw environmentError(`${account.user} cannot make a full dump of ${service.name}`, {
    found: 'is_superuser: off',
    expected: 'a superuser: passwords of roles are read and written, and no row may be hidden',
    hint: "leave config.user and config.passwordFrom out: POSTGRES_USER of the drill's copy is one. Or have method database-dump take the database that it owns",
  });
}

/** pg_dumpall passes them over without a word. */
async function closedDatabases({ config }: PostgresSite, session: Session): Promise<Obstacle[]> {
  const { open, closed } = await readDatabases(session);
  return [
    {
      what: 'databases let nobody in, so that nothing can dump them',
      names: config.databases ? [] : closed,
      hint: 'ALTER DATABASE … ALLOW_CONNECTIONS true, or name the others in config.databases',
    },
    {
      what: 'databases that the strategy names are not there',
      names: (config.databases ?? []).filter((name) => !open.includes(name)),
      hint: 'mend config.databases',
    },
  ];
}

async function otherTablespaces({ rows }: Session): Promise<Obstacle[]> {
  const found = await rows<{ name: string }>(
    "SELECT spcname || ' at ' || pg_tablespace_location(oid) AS name FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')",
  );
  return [
    {
      what: 'tablespaces lie outside the data folder, which no dump makes',
      names: found.map(({ name }) => name),
      hint: 'move what is in them to pg_default',
    },
  ];
}

/** What every new database begins with is in no dump of one, and every dump of one would make it again. */
const namedInTemplate = (site: PostgresSite): Promise<Obstacle[]> =>
  withSession(
    site,
    async ({ rows }) => {
      const found = await rows<{ name: string }>(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_%'
         UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE oid >= 16384
         UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384 AND pronamespace::regnamespace::text NOT LIKE 'pg\\_%'
         UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 AND nspname NOT LIKE 'pg\\_%'`,
      );
      return [
        {
          what: 'template1 holds what is in no dump of a database',
          names: found.map(({ name }) => name),
          hint: 'make them in the databases that need them',
        },
      ];
    },
    { database: 'template1' },
  );

/** Before anything is broken: whether a restore of this component can work at all. */
export async function assertRestoreUsable(site: PostgresSite): Promise<void> {
  await assertOwnData(site);
  await withSession(site, (session) => assertRestorable(site, session));
}
