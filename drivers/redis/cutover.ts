import { pollUntil } from '../../core/clock.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { RestoreContext } from '../../core/driver.ts';
import type { Helper } from '../../core/service.ts';
import type { Info } from './server.ts';
import type { Site } from './site.ts';
import { script } from './transfer.ts';

const readyDeadlineMs = 10 * 60_000;
const readyPollMs = 10;

/** Both make the new data in `incoming`. What they throw leaves the service running on what it had. */
export interface CutOver {
  /** While the service still runs: what can be known to be wrong with the copy shows here. */
  receive(helper: Helper, incoming: string): Promise<void>;
  /** While the service is stopped: nothing is accepted any more that would be lost. */
  prepare?(helper: Helper, incoming: string): Promise<void>;
}

const moveScript = `
cd "$1"
owner="$(stat -c %u:%g .)"
size() { du -sk "$1" | cut -f1; }
needed=$(($(size "$2") + 65536))
mkdir "$3"
ls -A | while IFS= read -r entry; do
  case "$entry" in "$2" | muster-aside-*) ;; *) mv -- "$entry" "$3/" ;; esac
done
old="$(size "$3")"
kept=yes
if [ "$(df -Pk . | awk 'NR == 2 { print $4 }')" -lt "$needed" ]; then kept=no; rm -rf -- "$3"; fi
ls -A "$2" | while IFS= read -r entry; do mv -- "$2/$entry" .; done
rmdir "$2"
find . -exec chown -h "$owner" {} +
sync
echo "kept=$kept kilobytes=$old"`;

/**
 * Has the new data made beside the old, stops the service, puts the one in the place of the other and starts the service again. The
 * damaged data is kept aside for whoever wants to know what happened, unless that leaves too little room to write the new data
 * once more. A failure before the exchange leaves the service on what it had.
 */
export async function cutOver(site: Site, { stage, signal }: RestoreContext, work: CutOver): Promise<{ keptAside: boolean; asideKilobytes: number }> {
  const { service, persistence } = site;
  const number = site.nextNumber();
  const names = { incoming: `muster-incoming-${number}`, aside: `muster-aside-${number}` };
  const incoming = `${persistence.dir}/${names.incoming}`;
  let helper: Helper | undefined;
  let failure: unknown = null;
  try {
    const beside = await stage('restore', 'receive the copy and check it', async () => {
      helper = await service.helper({ volumes: true, network: 'none' });
      await script(helper, 'the volume cannot be written', 'rm -rf "$1"; mkdir -p "$1"', [incoming], { signal });
      await work.receive(helper, incoming);
      return helper;
    });
    // No grace: what the server would write in it is about to be replaced.
    await stage('fence', 'stop the service', () => service.stop(0));
    return await stage('restore', 'put the data in place', () => exchange(site, beside, { ...names, signal, prepare: async () => work.prepare?.(beside, incoming) }));
  } catch (error) {
    failure = error;
    await helper?.exec(['rm', '-rf', incoming]).catch(() => undefined);
    throw error;
  } finally {
    const removed = helper?.remove();
    removed?.catch(() => undefined);
    await stage('ready', 'start the service', () => running(site)).catch((error: unknown) => {
      throw failure === null ? error : environmentError(messageOf(failure), { found: `and the service does not start again: ${messageOf(error)}`, cause: failure });
    });
    await removed;
  }
}

interface Exchange { incoming: string; aside: string; signal: AbortSignal; prepare(): Promise<void> }

async function exchange(site: Site, helper: Helper, { incoming, aside, signal, prepare }: Exchange): Promise<{ keptAside: boolean; asideKilobytes: number }> {
  await prepare();
  const { stdout } = await script(helper, 'the new data could not be put in place of the old', moveScript, [site.persistence.dir, incoming, aside], { signal });
  const [, kept, kilobytes] = /kept=(yes|no) kilobytes=(\d+)/.exec(stdout)!;
  return { keptAside: kept === 'yes', asideKilobytes: Number(kilobytes) };
}

/** Starts the service, if it does not run, and waits until it has loaded its data. Rejects with its last lines when it does not get there. */
async function running({ service, server, clock }: Site): Promise<void> {
  await service.start();
  const answering = await pollUntil(clock, { everyMs: readyPollMs, deadlineMs: readyDeadlineMs }, async () => {
    if (await server.answers()) return true;
    const { status } = await service.state();
    if (status === 'exited' || status === 'dead' || status === 'missing') throw environmentError('Redis does not start on the restored data', { found: `${status}; its last lines:\n${await service.logs(8).catch(messageOf)}` });
    return false;
  });
  if (!answering) throw environmentError('Redis did not become ready on the restored data', { found: `not answering after ${readyDeadlineMs} ms` });
}

/** What the server says it loaded when it last started. */
export async function loadedOf(site: Site): Promise<{ loaded: number; expired: number }> {
  const info: Info = await site.server.info('persistence');
  return { loaded: Number(info['rdb_last_load_keys_loaded']), expired: Number(info['rdb_last_load_keys_expired']) };
}
