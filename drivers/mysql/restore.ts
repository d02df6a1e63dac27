import { readFile } from 'node:fs/promises';
import type { Artifact, BackupMethod, RestoreContext } from '../../core/backup.ts';
import type { BegunWith } from '../../core/begun-with.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { onceItAnswers, startRestored } from '../serves-again.ts';
import { madeAnew, setAnew } from '../sql/known-accounts.ts';
import { writeCarried } from './carried.ts';
import { clearFolder, damagedFacts, dataFileNames } from './beside-data.ts';
import { dumpName } from './dump.ts';
import { identityOf } from './identity.ts';
import { layFolder } from './empty-folder.ts';
import { indexUnderStopwords, loadedOtherwise } from './formative.ts';
import { assertOwnData } from './own-data.ts';
import { persistedDifferences, persistedIn, persistedName, writePersisted } from './persisted.ts';
import { factsOf, scratchHelper, scratchOptions } from './point.ts';
import { createRestoring } from './restoring.ts';
import { startScratch, type ScratchOptions, type ScratchServer } from './scratch-server.ts';
import { nothingTorn } from './torn.ts';
import type { Restoring } from './site.ts';
import type { MysqlSite } from './site.ts';
import { assertUsable } from './usable-point.ts';
import { withSession } from './session.ts';
import { settingPasswords } from './set-passwords.ts';
import { readSettings, settingsChanged } from './server-settings.ts';
import { passwordName } from './server.ts';

const cleanStopSeconds = 60;

/**
 * Puts a dump in the place of whatever is there. The service stays stopped meanwhile: the data folder is made
 * and loaded by a server of our own without network, so that no client sees or writes half a database. With
 * `replayFollows` the service stays stopped at the end as well, because a client's write between base and log
 * could not be told from the log's own.
 */
export const restoreDump =
  (site: MysqlSite): NonNullable<BackupMethod['restore']> =>
  async (from, context): Promise<Json> => {
    await assertUsable(site, from);
    await assertOwnData(site);
    // What is there is moved aside, so it need not be closed in good order.
    const helper = await withHelper(scratchHelper(site, from), fence(site, context, 'kill'));
    const restoring = (site.restoring = createRestoring(site, helper));
    const { facts, uuid } = await loadBeside(site, helper, restoring, from, context);
    site.loaded = { point: from.point, startedAt: (await site.service.state()).startedAt };
    if (context.replayFollows) return { ...facts, settingsChanged: null };
    return {
      ...facts,
      settingsChanged: await open(site, { from, uuid, gtid: String(facts['gtid']) }, context),
    };
  };

/** A helper that is made beside something else, and is gone again where that fails. */
async function withHelper(making: Promise<Helper>, beside: Promise<void>): Promise<Helper> {
  const [made, done] = await Promise.allSettled([making, beside]);
  if (done.status === 'fulfilled' && made.status === 'fulfilled') return made.value;
  if (made.status === 'fulfilled') await made.value.remove();
  throw done.status === 'rejected' ? done.reason : (made as PromiseRejectedResult).reason;
}

/** The server that the point was loaded into is ended, or left for the replay that comes next. */
async function loadBeside(
  site: MysqlSite,
  helper: Helper,
  restoring: Restoring,
  from: Artifact,
  context: RestoreContext,
): Promise<Loaded> {
  let left = false;
  try {
    return await context.stage('restore', `load ${from.point}`, async () => {
      const loaded = await loadBase(site, helper, from, context);
      if (!context.leaveOpen) {
        await loaded.server.stop();
        return loaded;
      }
      // A crash that came this late is one of the restore.
      await restoring.settled();
      site.restoring = undefined;
      await loaded.server.state();
      leaveOpen(site, helper, loaded.server, context.leaveOpen);
      left = true;
      return loaded;
    });
  } finally {
    await restoring.settled();
    site.restoring = undefined;
    if (!left) await helper.remove();
  }
}

/**
 * Whoever takes the server over takes it from `site.open`; else it is ended here, so that the folder can be
 * served.
 */
function leaveOpen(
  site: MysqlSite,
  helper: Helper,
  server: ScratchServer,
  hear: NonNullable<RestoreContext['leaveOpen']>,
): void {
  site.open = helper;
  hear(async (signal) => {
    if (site.open !== helper) return;
    site.open = undefined;
    await server.stop(signal).finally(() => helper.remove());
  });
}

/** Stops the service, whatever state it is in. From here on it has no clients. */
export async function fence(site: MysqlSite, context: RestoreContext, how: 'kill' | 'clean'): Promise<void> {
  await context.stage('fence', `stop ${site.service.name}`, async () => {
    if ((await site.service.state()).status === 'paused') await site.service.unpause();
    await site.service.stop(how === 'kill' ? 0 : cleanStopSeconds);
    const { status } = await site.service.state();
    if (status === 'running' || status === 'restarting')
      throw environmentError(`${site.service.name} cannot be kept from its clients`, {
        found: status,
        expected: 'stopped',
      });
  });
}

export interface Loaded {
  server: ScratchServer;
  uuid: string;
  facts: { [key: string]: Json };
}

/** Moves what is there aside, makes an empty data folder and loads the dump. The server is left running. */
export async function loadBase(
  site: MysqlSite,
  helper: Helper,
  from: Artifact,
  context: RestoreContext,
): Promise<Loaded> {
  const file = from.files.find((each) => each.name === dumpName)!;
  context.progress(0, file.bytes, 'bytes');
  const options = scratchOptions(site, helper, from, context);
  const folder = await emptyFolder(options, from);
  const server = await startScratch(options);
  const anew = madeAnew(site.known, context.isOfThisRun);
  await server.load(
    file.path,
    (bytes) => context.progress(bytes, file.bytes, 'bytes'),
    settingPasswords(anew),
  );
  if (anew.length > 0) site.note(setAnew(anew));
  const { scratch, gtids } = site.product;
  await server.sql(scratch.afterLoad(from.position['gtid'] ?? '')).catch((error: unknown) => {
    throw environmentError(
      `the accounts of the dump do not let Muster in: ${passwordName(site)} must be what it was then`,
      {
        found: messageOf(error),
        expected: `${site.config.user} with the password of ${passwordName(site)}`,
        cause: error,
      },
    );
  });
  const indexedAnew = await indexUnderStopwords((text) => server.sql(text), options.settings);
  const { uuid, redoLog, ...now } = await server.state();
  const executed = gtids.set(now.executed).toString();
  const wanted = gtids.set(from.position['gtid'] ?? '').toString();
  if (executed !== wanted)
    throw environmentError('the restored server does not hold the transactions of its dump', {
      found: executed || 'none',
      expected: wanted || 'none',
    });
  if (redoLog !== 'ON')
    throw environmentError('the redo log is still off', { found: redoLog, expected: 'ON' });
  site.restored.torn = factsOf(from).torn ?? nothingTorn;
  return {
    server,
    uuid,
    facts: {
      bytes: file.bytes,
      gtid: now.executed.replaceAll(/\s/g, ''),
      ...folder,
      indexedAnew,
      loadedOtherwise: loadedOtherwise(options.settings),
    },
  };
}

/**
 * A folder as a new server makes it, with what lay beside the damaged data, and what the recovery point says
 * was persisted.
 */
async function emptyFolder(options: ScratchOptions, from: Artifact): Promise<{ [key: string]: Json }> {
  const { site, helper, settings, signal } = options;
  const { schemas = [], persisted } = factsOf(from);
  const cleared = await clearFolder(helper, site.dataFolder, {
    schemas,
    dataFiles: dataFileNames(settings['innodb_data_file_path']),
    owner: site.owner,
    signal,
    read: persistedName,
    damagedIn: site.product.damagedIn,
  });
  const there = cleared.text;
  let begunWith: BegunWith | null;
  try {
    begunWith = await layFolder(options);
  } finally {
    await cleared.putBack();
  }
  const stored = from.files.find(({ name }) => name === persistedName);
  const found = persistedIn(there);
  // A point that was taken before these were noted says nothing of them: what is there stays.
  const text = stored ? await readFile(stored.path, 'utf8') : persisted === undefined && found ? there : null;
  const carried = await writeCarried(helper, site, from, signal);
  if (text !== null) await writePersisted(helper, site, text, signal);
  const wanted = persistedIn(text ?? '{}') ?? {};
  return {
    emptyFolder: begunWith ? 'taken' : 'made',
    ...(begunWith ? { begunWith: { ...begunWith } } : {}),
    damagedData: damagedFacts(cleared),
    keptBeside: cleared.kept,
    carried,
    persisted: { settings: Object.keys(wanted).sort(), changed: persistedDifferences(found ?? {}, wanted) },
  };
}

/** What must be served once the service runs again: `uuid` names the folder that was loaded. */
export interface Restored {
  from: Artifact;
  uuid: string;
  gtid: string;
}

/**
 * Starts the service for its clients. Environment error unless it serves the very folder that was loaded,
 * with every transaction in it, and with the settings that the backup noted.
 */
export async function open(site: MysqlSite, restored: Restored, context: RestoreContext): Promise<Json> {
  return context.stage('ready', `start ${site.service.name}`, async () => {
    await startRestored(site.service, context.signal);
    await assertServed(site, restored, context.signal);
    const before = factsOf(restored.from).settings ?? {};
    if (Object.keys(before).length === 0) return null;
    const changed = settingsChanged(before, await withSession(site, readSettings));
    if (changed.length > 0)
      throw environmentError('the restored server does not run with the settings that it had', {
        found: changed.join('; '),
        expected: 'the settings at the time of the backup',
      });
    return changed;
  });
}

async function assertServed(site: MysqlSite, { uuid, gtid }: Restored, signal: AbortSignal): Promise<void> {
  const { gtids } = site.product;
  const ask = (): Promise<{ uuid: string; executed: string }> =>
    withSession(site, async (session) => {
      const [row] = await session.rows<{ executed: string }>(gtids.executed);
      return { uuid: await identityOf(site, session), executed: row!.executed };
    });
  const now = await onceItAnswers(site, ask, signal);
  if (now.uuid !== uuid)
    throw environmentError(`${site.service.name} does not serve what was restored`, {
      found: `server ${now.uuid}`,
      expected: `server ${uuid}, whose folder was loaded`,
    });
  const missing = gtids.set(gtid).without(gtids.set(now.executed));
  if (!missing.isEmpty())
    throw environmentError(`${site.service.name} does not serve all of what was restored`, {
      found: `missing: ${missing.toString()}`,
      expected: gtid,
    });
}
