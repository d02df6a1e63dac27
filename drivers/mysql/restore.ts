import type { Artifact, BackupMethod, RestoreContext } from '../../core/driver.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { dumpName } from './dump.ts';
import { inspectDump } from './dump-file.ts';
import { gtidSet } from './gtid.ts';
import { createRestoring } from './restoring.ts';
import { initialise, startScratch, type ScratchOptions, type ScratchServer } from './scratch-server.ts';
import { readSettings, settingsChanged, withSession, type Settings, type Site } from './server.ts';

const readyDeadlineMs = 120_000;
const cleanStopSeconds = 60;
const asidePrefix = '.muster-damaged-';

/**
 * Puts a dump in the place of whatever is there. The service stays stopped meanwhile: the data folder is made and loaded by a
 * server of our own without network, so that no client sees or writes half a database. With `replayFollows` the service stays
 * stopped at the end as well, because a client's write between base and log could not be told from the log's own.
 */
export const restoreDump = (site: Site): NonNullable<BackupMethod['restore']> => async (from, context): Promise<Json> => {
  await assertUsable(site, from);
  // What is there is moved aside, so it need not be closed in good order.
  await fence(site, context, 'kill');
  const helper = await site.service.helper({ network: 'none', volumes: true });
  const restoring = (site.restoring = createRestoring(site, helper));
  const facts = await (async () => {
    try {
      return await context.stage('restore', `load ${from.point}`, async () => {
        const loaded = await loadBase(site, helper, from, context);
        await loaded.server.stop();
        return loaded.facts;
      });
    } finally {
      await restoring.settled();
      site.restoring = undefined;
      await helper.remove();
    }
  })();
  if (context.replayFollows) return { ...facts, settingsChanged: null };
  return { ...facts, settingsChanged: await open(site, from, context) };
};

/** Everything that can be known to be wrong before anything is destroyed. */
async function assertUsable(site: Site, from: Artifact): Promise<void> {
  const file = from.files.find((each) => each.name === dumpName);
  if (!file) throw environmentError('the recovery point holds no dump', { found: from.files.map((each) => each.name).join(', ') || 'no file', expected: dumpName });
  const head = await inspectDump(file.path, (from.facts as { sha256?: string } | null)?.sha256 ?? null);
  const wanted = from.position['gtid'] ?? '';
  if (gtidSet(head.gtid ?? '').toString() !== gtidSet(wanted).toString()) {
    throw environmentError('the dump is not the one of its manifest', { found: `GTIDs ${head.gtid ?? 'none'}`, expected: `GTIDs ${wanted || 'none'}` });
  }
  const [of, to] = [from.server, site.server].map((text) => (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number) as [number, number]);
  if (of![0] > to![0] || (of![0] === to![0] && of![1] > to![1])) {
    throw environmentError('the dump was made by a newer server', { found: from.server, expected: `${site.server} or older` });
  }
}

/** Stops the service, whatever state it is in. From here on it has no clients. */
export async function fence(site: Site, context: RestoreContext, how: 'kill' | 'clean'): Promise<void> {
  await context.stage('fence', `stop ${site.service.name}`, async () => {
    if ((await site.service.state()).status === 'paused') await site.service.unpause();
    await site.service.stop(how === 'kill' ? 0 : cleanStopSeconds);
    const { status } = await site.service.state();
    if (status === 'running' || status === 'restarting') throw environmentError(`${site.service.name} cannot be kept from its clients`, { found: status, expected: 'stopped' });
  });
}

export const settingsOf = (from: Artifact): Settings => ((from.facts as { settings?: Settings } | null)?.settings ?? {});

export const scratchOptions = (site: Site, helper: Helper, from: Artifact, { signal }: RestoreContext): ScratchOptions => ({
  site, helper, settings: settingsOf(from), gtid: settingsOf(from)['gtid_mode'] !== 'OFF', signal,
});

/** Moves what is there aside, makes an empty data folder and loads the dump. The server is left running. */
export async function loadBase(site: Site, helper: Helper, from: Artifact, context: RestoreContext): Promise<{ server: ScratchServer; facts: { [key: string]: Json } }> {
  const file = from.files.find((each) => each.name === dumpName)!;
  context.progress(0, file.bytes, 'bytes');
  const aside = await moveAside(site, helper, context.signal);
  const options = scratchOptions(site, helper, from, context);
  await initialise(options);
  const server = await startScratch(options);
  await server.load(file.path, (bytes) => context.progress(bytes, file.bytes, 'bytes'));
  await server.sql('FLUSH PRIVILEGES; ALTER INSTANCE ENABLE INNODB REDO_LOG').catch((error: unknown) => {
    throw environmentError('the accounts of the dump do not let Muster in', { found: messageOf(error), expected: `${site.config.user} with the password of ${site.config.passwordFrom}`, cause: error });
  });
  const executed = gtidSet(await server.sql('SELECT @@GLOBAL.gtid_executed')).toString();
  const wanted = gtidSet(from.position['gtid'] ?? '').toString();
  if (executed !== wanted) throw environmentError('the restored server does not hold the transactions of its dump', { found: executed || 'none', expected: wanted || 'none' });
  const redo = await server.sql("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'");
  if (!/\bON$/.test(redo)) throw environmentError('the redo log is still off', { found: redo, expected: 'ON' });
  return { server, facts: { bytes: file.bytes, gtid: executed, damagedData: aside } };
}

/**
 * Keeps the damaged files for whoever investigates, in a hidden folder of the same volume, which the server leaves alone. Moving
 * takes no room; where there is none left for the restored data beside them, they are removed instead, and the facts say so.
 */
async function moveAside(site: Site, helper: Helper, signal: AbortSignal): Promise<{ [key: string]: Json }> {
  const script = `
    set -e; cd "$1"; aside="${asidePrefix}$(date -u +%Y%m%dT%H%M%S)-$$"
    used=$(find . -mindepth 1 -maxdepth 1 ! -name '${asidePrefix}*' -exec du -skc {} + | tail -n 1 | cut -f 1); used=\${used:-0}
    free=$(df -Pk . | tail -n 1 | awk '{ print $4 }')
    files=$(find . -mindepth 1 ! -path './${asidePrefix}*' -type f | wc -l)
    if [ "$free" -lt $((used + used / 4 + 262144)) ]; then
      find . -mindepth 1 -maxdepth 1 ! -name '${asidePrefix}*' -exec rm -rf {} +; aside=
    else
      mkdir "$aside"; find . -mindepth 1 -maxdepth 1 ! -name '${asidePrefix}*' -exec mv -t "$aside" {} +
    fi
    echo "$files $used $aside"`;
  const { code, stdout, stderr } = await helper.exec(['sh', '-c', script, 'aside', site.dataFolder], { signal });
  if (code !== 0) throw environmentError('the damaged data cannot be moved aside', { found: stderr.trim() || `code ${code}`, expected: 'a volume that can be written' });
  const [files, kilobytes, aside] = stdout.trim().split(' ');
  return { files: Number(files), bytes: Number(kilobytes) * 1024, keptIn: aside ? `${site.dataFolder}/${aside}` : null };
}

/** Starts the service for its clients and compares its settings with those of the backup. Environment error when one differs. */
export async function open(site: Site, from: Artifact, context: RestoreContext): Promise<Json> {
  return context.stage('ready', `start ${site.service.name}`, async () => {
    await site.service.start();
    await site.service.waitHealthy(readyDeadlineMs, context.signal);
    const before = settingsOf(from);
    if (Object.keys(before).length === 0) return null;
    const changed = settingsChanged(before, await withSession(site, readSettings));
    if (changed.length > 0) throw environmentError('the restored server does not run with the settings that it had', { found: changed.join('; '), expected: 'the settings at the time of the backup' });
    return changed;
  });
}
