import type { Artifact, BackupMethod, PlainFile, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { onceItAnswers, startRestored, untilLetIn } from '../serves-again.ts';
import { assertAsMade } from './artifact.ts';
import { assertLoadable, databaseName, type DatabaseFacts } from './database-dump.ts';
import { emptyDatabase } from './empty-database.ts';
import { assertOwnData } from './own-data.ts';
import { assertSequences, fence } from './restore.ts';
import { startInPlace } from './scratch-server.ts';
import { withSession, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';

const countTables = `SELECT count(*) AS n FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT ${serverSchema('n.nspname')}`;

/**
 * Puts the application's database in the place of what that one holds, by whatever role owns it, on the
 * server that is there: one that lost everything must have been made anew by then, with that role. The
 * service is stopped meanwhile, and its folder served to nobody but Muster, so that no client sees half a
 * database.
 */
export const restoreDatabase =
  (site: PostgresSite): NonNullable<BackupMethod['restore']> =>
  async (from, context): Promise<Json> => {
    const { file, facts } = await assertUsable(site, from);
    await assertOwnData(site);
    await context.stage('fence', `wait for ${site.service.name} to let ${site.account.user} in`, () =>
      untilLetIn(
        site,
        {
          user: site.account.user,
          kind: 'roles',
          expected: `a server that has that role, and the database ${site.database}`,
        },
        () => withSession(site, async () => ({})),
        context.signal,
      ),
    );
    await fence(site, context, 60);
    const helper = await site.service.helper({ network: 'none', volumes: true });
    let loaded: { tables: string; sequences: number };
    try {
      loaded = await context.stage('restore', `load ${from.point}`, () =>
        loadInPlace(site, helper, { file, facts }, context),
      );
    } finally {
      await helper.remove();
    }
    await context.stage('ready', `start ${site.service.name}`, () =>
      serve(site, loaded.tables, context.signal),
    );
    return { bytes: file.bytes, database: site.database, ...loaded };
  };

interface Usable {
  file: PlainFile;
  facts: Partial<DatabaseFacts>;
}

/** Everything that can be known to be wrong before anything is destroyed. */
async function assertUsable(site: PostgresSite, from: Artifact): Promise<Usable> {
  const facts = (from.facts ?? {}) as Partial<DatabaseFacts>;
  const file = from.files.find(({ name }) => name === databaseName);
  if (!file || facts.database === undefined)
    throw environmentError('the recovery point holds no dump of a database', {
      found: from.files.map(({ name }) => name).join(', ') || 'no file',
      expected: databaseName,
    });
  if (facts.database !== site.database)
    throw environmentError('the recovery point is of another database', {
      found: facts.database,
      expected: site.database,
    });
  await assertAsMade(file, facts.sha256);
  const of = Number(/(\d+)/.exec(from.server)?.[1]);
  if (!(of <= site.major))
    throw environmentError('the dump was made by a newer server', {
      found: from.server,
      expected: `PostgreSQL ${site.major} or older`,
    });
  return { file, facts };
}

async function loadInPlace(
  site: PostgresSite,
  helper: Helper,
  { file, facts }: Usable,
  context: RestoreContext,
): Promise<{ tables: string; sequences: number }> {
  const { database, dataFolder: folder, account } = site;
  const { signal } = context;
  const server = await startInPlace({ site, helper, folder, role: account.user, signal });
  await server.run(emptyDatabase, database);
  let seen = 0;
  context.progress(0, file.bytes, 'bytes');
  await server.loadInto(file.path, database, (more) => context.progress((seen += more), file.bytes, 'bytes'));
  const sequences = await assertSequences(server, { [database]: facts.sequences ?? {} });
  const tables = await server.value(database, countTables);
  await server.stop();
  return { tables, sequences };
}

/** Environment error unless the service serves what was loaded. */
async function serve(site: PostgresSite, tables: string, signal: AbortSignal): Promise<void> {
  await startRestored(site.service, signal);
  const ask = (): Promise<{ n: string }> =>
    withSession(site, async ({ rows }) => (await rows<{ n: string }>(countTables))[0]!);
  const { n } = await onceItAnswers(site, ask, signal);
  if (n !== tables)
    throw environmentError(`${site.service.name} does not serve what was restored`, {
      found: `${n} tables in ${site.database}`,
      expected: `${tables} tables`,
    });
}

/** Before anything is broken: whether a restore of this component can work at all. */
export async function assertDatabaseUsable(site: PostgresSite): Promise<void> {
  await assertOwnData(site);
  await withSession(site, (session) => assertLoadable(site, session));
}
