import { pollUntil } from '../../core/clock.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { RestoreContext } from '../../core/backup.ts';
import type { Helper, Service } from '../../core/service.ts';
import type { RedisSite } from './site.ts';
import { script } from './transfer.ts';
import type { Info } from './info.ts';

const readyDeadlineMs = 10 * 60_000;
const readyPollMs = 10;
/** One that ends so often while it starts, and is started again by its policy, is not going to stay. */
const endsAtMost = 4;
const killedCode = 137;

/**
 * Both make the new data in `incoming`, a folder that `receive` makes anew. What they throw leaves the
 * service running on what it had.
 */
export interface CutOver {
  /** While the service still runs: what can be known to be wrong with the copy shows here. */
  receive(helper: Helper, incoming: string): Promise<void>;
  /** While the service is stopped: nothing is accepted any more that would be lost. */
  prepare?(helper: Helper, incoming: string): Promise<void>;
}

const moveScript = `
cd "$1"
incoming="$2"; aside="$3"; owner="$4"; file_mode="$5"; folder_mode="$6"; snapshot="$7"; folder="$8"; log="$9"
size() { du -sk "$1" | cut -f1; }
[ -n "$owner" ] || owner="$(stat -c %u:%g .)"
needed=$(($(size "$incoming") + 65536))
chown -hR "$owner" "$incoming"
find "$incoming" -mindepth 1 -type f -exec chmod "$file_mode" {} +
find "$incoming" -mindepth 1 -type d -exec chmod "$folder_mode" {} +
mkdir -m 700 "$aside"
ls -A | while IFS= read -r entry; do
  case "\${entry%.muster-locked}" in
    "$snapshot" | "$folder" | "$log" | temp-[0-9]*.rdb | temp-rewriteaof-* | temp-appendonly.aof*) mv -- "$entry" "$aside/" ;;
  esac
done
old="$(size "$aside")"
kept=yes
if [ "$(df -Pk . | awk 'NR == 2 { print $4 }')" -lt "$needed" ]; then kept=no; rm -rf -- "$aside"; fi
ls -A "$incoming" | while IFS= read -r entry; do mv -- "$incoming/$entry" .; done
rmdir "$incoming"
sync
echo "kept=$kept kilobytes=$old"
ls -A | while IFS= read -r entry; do
  case "$entry" in "$snapshot" | "$folder" | muster-aside-*) ;; *) printf 'beside=%s\\n' "$entry" ;; esac
done`;

/**
 * What the exchange did. `leftBeside`: what else lies in the folder, untouched: ACL file, keys, files of
 * others.
 */
export interface Exchanged {
  keptAside: boolean;
  asideKilobytes: number;
  leftBeside: string[];
}

/**
 * Where the data lies must be the drill's own, and on a volume: a helper that replaces the files while the
 * service is stopped sees nothing else. Rejects with an environment error before anything is changed.
 */
async function assertReplaceable(service: Service, dir: string): Promise<void> {
  await service.assertOwnPath(dir);
  if (service.mounts.some(({ path }) => dir === path || dir.startsWith(`${path.replace(/\/$/, '')}/`)))
    return;
  const paths = service.mounts.map(({ path }) => path).join(', ') || 'no volume';
  throw environmentError(`the data of ${service.name} is on no volume`, {
    found: `${dir}; mounted: ${paths}`,
    expected: 'a data folder on a volume',
    hint: 'Nothing was changed. Mount a volume there: what lies elsewhere goes with the container.',
  });
}

/**
 * Has the new data made beside the old, stops the service, puts the one in the place of the other and starts
 * the service again. The damaged data is kept aside for whoever wants to know what happened, unless that
 * leaves too little room to write the new data once more. Only the server's data is exchanged, with the owner
 * and the permissions that the server gives to it. A failure before the exchange leaves the service on what
 * it had.
 */
export async function cutOver(
  site: RedisSite,
  { stage, signal }: RestoreContext,
  work: CutOver,
): Promise<Exchanged> {
  const { service, persistence } = site;
  await assertReplaceable(service, persistence.dir);
  const number = site.nextNumber();
  const names = { incoming: `muster-incoming-${number}`, aside: `muster-aside-${number}` };
  const incoming = `${persistence.dir}/${names.incoming}`;
  let helper: Helper | undefined;
  let failure: unknown = null;
  try {
    const beside = await stage('restore', 'receive the copy and check it', async () => {
      helper = await service.helper({ volumes: true, network: 'none' });
      await site.links.removeLeft(helper);
      await work.receive(helper, incoming);
      return helper;
    });
    // No grace: what the server would write in it is about to be replaced.
    await stage('fence', 'stop the service', () => service.stop(0));
    return await stage('restore', 'put the data in place', () =>
      exchange(site, beside, { ...names, signal, prepare: async () => work.prepare?.(beside, incoming) }),
    );
  } catch (error) {
    failure = error;
    await helper?.exec(['rm', '-rf', incoming]).catch(() => undefined);
    throw error;
  } finally {
    const removed = helper?.remove();
    removed?.catch(() => undefined);
    await stage('ready', 'start the service', () => running(site)).catch((error: unknown) => {
      throw failure === null
        ? error
        : environmentError(messageOf(failure), {
            found: `and the service does not start again: ${messageOf(error)}`,
            cause: failure,
          });
    });
    await removed;
  }
}

interface Exchange {
  incoming: string;
  aside: string;
  signal: AbortSignal;
  prepare(): Promise<void>;
}

async function exchange(
  site: RedisSite,
  helper: Helper,
  { incoming, aside, signal, prepare }: Exchange,
): Promise<Exchanged> {
  await prepare();
  const { dir, dbfilename, appenddirname, appendfilename } = site.persistence;
  const { owner, fileMode, folderMode } = site.ownership ?? { owner: '', fileMode: '600', folderMode: '700' };
  await site.service.assertOwnPath(dir);
  const args = [dir, incoming, aside, owner, fileMode, folderMode, dbfilename, appenddirname, appendfilename];
  const { stdout } = await script(
    helper,
    'the new data could not be put in place of the old',
    moveScript,
    args,
    { signal },
  );
  const [, kept, kilobytes] = /kept=(yes|no) kilobytes=(\d+)/.exec(stdout)!;
  const leftBeside = [...stdout.matchAll(/^beside=(.*)$/gm)].map(([, name]) => name!);
  return { keptAside: kept === 'yes', asideKilobytes: Number(kilobytes), leftBeside };
}

/**
 * Starts the service, if it does not run, and waits until it has loaded its data. Rejects with its last lines
 * when it does not get there: as soon as it has ended for good, or ends again and again by itself. What
 * somebody killed does not count.
 */
async function running({ service, server, clock }: RedisSite): Promise<void> {
  await service.start();
  const endedAt = new Set<number>();
  const lastLines = async (): Promise<string> => `its last lines:\n${await service.logs(8).catch(messageOf)}`;
  const answering = await pollUntil(
    clock,
    { everyMs: readyPollMs, deadlineMs: readyDeadlineMs },
    async () => {
      if (await server.answers()) return true;
      const { status, restarts, exitCode, oomKilled } = await service.state();
      if (status === 'exited' || status === 'dead' || status === 'missing')
        throw environmentError(`${service.name} does not start on the restored data`, {
          found: `${status}; ${await lastLines()}`,
        });
      if (status === 'restarting' && (exitCode !== killedCode || oomKilled)) endedAt.add(restarts);
      if (endedAt.size >= endsAtMost)
        throw environmentError(`${service.name} does not start on the restored data`, {
          found: `it ended ${endedAt.size} times with code ${exitCode}; ${await lastLines()}`,
        });
      return false;
    },
  );
  if (!answering)
    throw environmentError(`${service.name} did not become ready on the restored data`, {
      found: `not answering after ${readyDeadlineMs} ms; ${await lastLines()}`,
    });
}

/** Rejects where the server follows another one: what was restored gives way to what that one has. */
export async function assertOwnMaster({ service, server }: RedisSite): Promise<void> {
  const { role, master_host: host } = await server.info('replication');
  if (role !== 'slave') return;
  throw environmentError(
    `${service.name} does not keep what was restored: it replicates from another server`,
    {
      found: `a replica of ${host}`,
      expected: 'a primary',
      hint: 'restore the server that it follows, or promote it first',
    },
  );
}

/** What the server says it loaded when it last started. */
export async function loadedOf(site: RedisSite): Promise<{ loaded: number; expired: number }> {
  const info: Info = await site.server.info('persistence');
  return {
    loaded: Number(info['rdb_last_load_keys_loaded']),
    expired: Number(info['rdb_last_load_keys_expired']),
  };
}
