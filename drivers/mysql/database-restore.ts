import type { Artifact, BackupMethod, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { onceItAnswers, startRestored, untilLetIn } from '../serves-again.ts';
import { databaseDumpOptions } from './config.ts';
import { assertLoadable } from './database-dump.ts';
import { dumpName } from './dump.ts';
import { inspectDump } from './dump-file.ts';
import { assertOwnData } from './own-data.ts';
import { fence } from './restore.ts';
import { startScratch } from './scratch-server.ts';
import type { Settings } from './server-settings.ts';
import { quoted, withSession } from './session.ts';
import type { MysqlSite } from './site.ts';
import { nothingTorn, type Torn } from './torn.ts';

interface Facts {
  sha256?: string;
  databases?: string[];
  settings?: Settings;
  torn?: Torn;
}

/**
 * Puts databases in the place of those of the same names, by whatever account owns them, on the server that
 * is there: one that lost everything must have been made anew by then, with that account. The service is
 * stopped meanwhile, and its folder served to nobody but Muster, so that no client sees half a database.
 */
export const restoreDatabases =
  (site: MysqlSite): NonNullable<BackupMethod['restore']> =>
  async (from, context): Promise<Json> => {
    const { path, bytes, databases, settings, torn } = await assertUsable(from);
    await assertOwnData(site);
    await context.stage('fence', `wait for ${site.service.name} to let ${site.config.user} in`, () =>
      untilLetIn(
        site,
        { user: site.config.user, kind: 'accounts', expected: 'a server that has that account' },
        () => withSession(site, async () => ({})),
        context.signal,
      ),
    );
    await fence(site, context, 'clean');
    const helper = await site.service.helper({ network: 'none', volumes: true });
    let tables: string;
    try {
      tables = await context.stage('restore', `load ${from.point}`, () =>
        loadInPlace(site, helper, { path, bytes, databases, settings }, context),
      );
    } finally {
      await helper.remove();
    }
    await context.stage('ready', `start ${site.service.name}`, () =>
      serve(site, { databases, tables }, context.signal),
    );
    site.restored.torn = torn;
    return { bytes, databases, tables };
  };

interface Usable {
  path: string;
  bytes: number;
  databases: string[];
  settings: Settings;
}

/** Everything that can be known to be wrong before anything is destroyed. */
async function assertUsable(from: Artifact): Promise<Usable & { torn: Torn }> {
  const { sha256, databases = [], settings = {}, torn = nothingTorn } = (from.facts ?? {}) as Facts;
  const file = from.files.find(({ name }) => name === dumpName);
  if (!file || databases.length === 0)
    throw environmentError('the recovery point holds no dump of databases', {
      found: from.files.map(({ name }) => name).join(', ') || 'no file',
      expected: dumpName,
    });
  await inspectDump(file.path, sha256 ?? null);
  return { path: file.path, bytes: file.bytes, databases, settings, torn };
}

const countTables = (databases: readonly string[]): string =>
  `SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema IN (${databases.map((name) => `0x${Buffer.from(name).toString('hex')}`).join(', ')})`;

/** Gives how many tables there are then. */
async function loadInPlace(
  site: MysqlSite,
  helper: Helper,
  { path, bytes, databases, settings }: Usable,
  context: RestoreContext,
): Promise<string> {
  const { signal } = context;
  const gtid = settings['gtid_mode'] === 'ON';
  const server = await startScratch({ site, helper, settings, gtid, inPlace: true, signal });
  for (const name of databases) await server.sql(`DROP DATABASE IF EXISTS ${quoted(name)}`);
  await server.loadInto(path, (done) => context.progress(done, bytes, 'bytes'));
  const tables = await server.sql(countTables(databases));
  await server.end();
  return tables;
}

/** Environment error unless the service serves the databases that were loaded. */
async function serve(
  site: MysqlSite,
  { databases, tables }: { databases: string[]; tables: string },
  signal: AbortSignal,
): Promise<void> {
  await startRestored(site.service, signal);
  const ask = (): Promise<{ n: string | number }> =>
    withSession(site, async ({ rows }) => (await rows<{ n: string | number }>(countTables(databases)))[0]!);
  const now = await onceItAnswers(site, ask, signal);
  if (String(now.n) !== tables)
    throw environmentError(`${site.service.name} does not serve what was restored`, {
      found: `${now.n} tables in ${databases.join(', ')}`,
      expected: `${tables} tables`,
    });
}

/** Before anything is broken: whether a restore of this component can work at all. */
export async function assertDatabasesUsable(
  site: MysqlSite,
  options: Record<string, unknown>,
): Promise<void> {
  await assertOwnData(site);
  await withSession(site, (session) => assertLoadable(site, session, databaseDumpOptions.parse(options)));
}
