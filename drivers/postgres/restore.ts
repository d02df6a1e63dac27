import type { BackupMethod, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { madeAnew, setAnew } from '../sql/known-accounts.ts';
import { onceItAnswers, startRestored } from '../serves-again.ts';
import { inspect, type Inspected } from './artifact.ts';
import { everySequence } from './cluster.ts';
import { laySettings, makeRoom, newFolder, swap } from './folder.ts';
import { assertOwnData } from './own-data.ts';
import { settingPasswords } from './set-passwords.ts';
import { initialise, startScratch, type ScratchOptions, type ScratchServer } from './scratch-server.ts';
import { withSession, type PostgresSite } from './server.ts';

/**
 * Puts a recovery point in the place of whatever is there. The service stays stopped meanwhile: an empty
 * cluster is made beside its data and loaded by a server of our own without network, so that no client sees
 * or writes half a database. What was there is replaced only once all of it is loaded without one error.
 */
export const restoreDump =
  (site: PostgresSite): NonNullable<BackupMethod['restore']> =>
  async (from, context): Promise<Json> => {
    const point = await inspect(from, site.major);
    await assertOwnData(site);
    const helper = await helperBeside(site, fence(site, context));
    let loaded: Loaded;
    try {
      loaded = await context.stage('restore', `load ${from.point}`, () =>
        loadBeside(site, helper, point, context),
      );
    } finally {
      await helper.remove();
    }
    await context.stage('ready', `start ${site.service.name}`, () => serve(site, loaded, context.signal));
    return { ...loaded };
  };

async function helperBeside(site: PostgresSite, fenced: Promise<void>): Promise<Helper> {
  const [made, done] = await Promise.allSettled([
    site.service.helper({ network: 'none', volumes: true }),
    fenced,
  ]);
  if (done.status === 'fulfilled' && made.status === 'fulfilled') return made.value;
  if (made.status === 'fulfilled') await made.value.remove();
  throw done.status === 'rejected' ? done.reason : (made as PromiseRejectedResult).reason;
}

/** Stops the service, whatever state it is in. From here on it has no clients. */
export const fence = (site: PostgresSite, context: RestoreContext, graceSeconds = 0): Promise<void> =>
  context.stage('fence', `stop ${site.service.name}`, async () => {
    if ((await site.service.state()).status === 'paused') await site.service.unpause();
    await site.service.stop(graceSeconds);
    const { status } = await site.service.state();
    if (status === 'running' || status === 'restarting')
      throw environmentError(`${site.service.name} cannot be kept from its clients`, {
        found: status,
        expected: 'stopped',
      });
  });

interface Loaded {
  bytes: number;
  databases: string[];
  sequences: number;
  /** How the loaded cluster names itself. */
  system: string;
  damagedDataKeptIn: string | null;
}

async function loadBeside(
  site: PostgresSite,
  helper: Helper,
  point: Inspected,
  context: RestoreContext,
): Promise<Loaded> {
  const { signal } = context;
  const { cluster, roles, databases } = point;
  const removed = await makeRoom(helper, site.dataFolder, cluster.bytes, signal);
  const folder = `${site.dataFolder}/${newFolder}`;
  const options: ScratchOptions = { site, helper, folder, role: cluster.bootstrapRole, signal };
  await initialise(options, cluster.made);
  const server = await startScratch(options, cluster.preload);
  const bytes = databases.reduce((sum, { file }) => sum + file.bytes, 0);
  let seen = 0;
  context.progress(0, bytes, 'bytes');
  await server.run(roles);
  const anew = madeAnew(site.known, context.isOfThisRun);
  if (anew.length > 0) {
    await server.run(settingPasswords(anew));
    site.note(setAnew(anew));
  }
  for (const { name, file } of databases)
    await server.load(file.path, name, (more) => context.progress((seen += more), bytes, 'bytes'));
  await server.analyze();
  const sequences = await assertSequences(server, cluster.sequences);
  const system = await server.value('template1', 'SELECT system_identifier FROM pg_control_system()');
  await server.stop();
  await laySettings(helper, site.dataFolder, cluster.files, { owner: site.owner, signal });
  const aside = await swap(helper, site.dataFolder, site.owner, signal);
  return {
    bytes,
    databases: databases.map(({ name }) => name),
    sequences,
    system,
    damagedDataKeptIn: removed ? null : aside,
  };
}

/** None may be below where it stood before the dump began: numbers would be given out a second time. */
export async function assertSequences(
  server: ScratchServer,
  expected: Record<string, Record<string, string>>,
): Promise<number> {
  let compared = 0;
  for (const [database, sequences] of Object.entries(expected)) {
    const said = await server.value(
      database,
      `SELECT coalesce(json_object_agg(name, last), '{}') FROM (${everySequence}) AS sequences`,
    );
    const fallen = fallenBack(sequences, JSON.parse(said) as Record<string, string>);
    if (fallen.length > 0)
      throw environmentError(`sequences of ${database} are not where they were`, {
        found: fallen.slice(0, 5).join('; '),
        expected: 'no number that was given before the dump began is given again',
      });
    compared += Object.keys(sequences).length;
  }
  return compared;
}

/** In words, what is missing or below what it was. */
export const fallenBack = (was: Record<string, string>, is: Record<string, string>): string[] =>
  Object.entries(was)
    .filter(([name, last]) => is[name] === undefined || BigInt(is[name]) < BigInt(last))
    .map(([name, last]) => `${name}: ${is[name] ?? 'missing or never used'}, was ${last}`);

/**
 * Starts the service for its clients. Environment error unless it serves the very cluster that was loaded.
 */
async function serve(site: PostgresSite, { system, databases }: Loaded, signal: AbortSignal): Promise<void> {
  await startRestored(site.service, signal);
  const ask = (): Promise<{ system: string; databases: string }> =>
    withSession(
      site,
      async ({ rows }) =>
        (
          await rows<{ system: string; databases: string }>(
            'SELECT system_identifier AS system, (SELECT json_agg(datname) FROM pg_database)::text AS databases FROM pg_control_system()',
          )
        )[0]!,
    );
  const now = await onceItAnswers(site, ask, signal);
  const there = JSON.parse(now.databases) as string[];
  const missing = databases.filter((name) => !there.includes(name));
  if (now.system !== system || missing.length > 0)
    throw environmentError(`${site.service.name} does not serve what was restored`, {
      found: `cluster ${now.system}, without ${missing.join(', ') || 'no database'}`,
      expected: `cluster ${system} with ${databases.join(', ')}`,
    });
}
