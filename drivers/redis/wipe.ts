import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { ServiceState } from '../../core/service.ts';
import { processGone, startAgain } from '../../faults/process.ts';
import { besideVolume, emptyFolder } from '../../faults/volume.ts';
import type { RedisSite } from './site.ts';
import { script } from './transfer.ts';

interface Wiped {
  before: ServiceState;
  folder: string;
  mark: string;
  runId: string | null;
}

/**
 * The volume's content goes, then the process, as on a host that lost the volume: the restart policy brings
 * up an empty server. A file of our own is left on the volume first; that it is gone is what the witness
 * looks at, with the engine's account of the process and the new server's account of what it loaded. Where
 * nothing starts it again, the witness looks at the folder from beside.
 */
export async function wipe(site: RedisSite): Promise<ActiveFault> {
  const { service, server } = site;
  const folder = volumeOf(site);
  await service.assertOwnPath(folder);
  const mark = `${folder}/.muster-mark-${site.nextNumber()}`;
  const before = await service.state();
  const runId = (await server.info('server'))['run_id'] ?? null;
  const lost = await site.kept.aboutToLose();
  await script(service, 'the volume cannot be written', ': > "$1"', [mark]);
  // A save at the wrong moment would put the data back between the two.
  const saves = await site.lent.borrow('save', '').catch(() => null);
  try {
    await emptyFolder(service, folder);
    await service.signalFromHost('SIGKILL');
  } catch (error) {
    await saves?.putBack();
    throw error;
  }
  const again = startAgain(service, 'undo wipe of');
  return {
    facts: { folder, pid: before.pid, startedAt: before.startedAt },
    witness: () => witness(site, { before, folder, mark, runId }),
    ...lost,
    undo: {
      ...again,
      run: async () => {
        await again.run();
        // Of a process that outlived it; any other has its own configuration.
        await saves?.putBack();
      },
      healed: async () => ((await service.state()).status === 'running' ? null : false),
    },
  };
}

/** Where the volume is that holds the data; the data's own folder where it is on none. */
const volumeOf = ({ service, persistence: { dir } }: RedisSite): string =>
  service.mounts
    .map(({ path }) => path)
    .filter((path) => dir === path || dir.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length)[0] ?? dir;

async function witness(site: RedisSite, wiped: Wiped): Promise<Proof | null> {
  const { service, server } = site;
  const after = await service.state();
  const gone = processGone(wiped.before, after);
  if (!gone) return null;
  if (isLeftDown(wiped.before, after)) return seenFromBeside(site, wiped, gone);
  if (after.status !== 'running') return null;
  if (!(await server.answers())) return null;
  const { code } = await service.exec(['test', '-e', wiped.mark]);
  if (code !== 1) return null;
  const [own, persistence] = [await server.info('server'), await server.info('persistence')];
  const loaded = Number(persistence['rdb_last_load_keys_loaded']);
  if (own['run_id'] === wiped.runId || persistence['loading'] !== '0' || loaded !== 0) return null;
  return {
    what: `${gone.what}; the volume's content is gone, and the new server loaded ${loaded} keys`,
    facts: {
      ...gone.facts,
      markGone: true,
      keysLoaded: loaded,
      runIdBefore: wiped.runId,
      runIdAfter: own['run_id'] ?? null,
    },
  };
}

/**
 * Ended with nobody to start it, or started twice and more without coming up: not one that is between two
 * starts.
 */
const isLeftDown = (before: ServiceState, { status, restarts }: ServiceState): boolean =>
  status === 'exited' || status === 'dead' || (status === 'restarting' && restarts >= before.restarts + 2);

/**
 * For a server that nothing starts again, or that does not come up on an empty folder. One that runs by the
 * time that the folder has been looked at is asked itself.
 */
async function seenFromBeside(
  { service }: RedisSite,
  { before, folder, mark }: Wiped,
  gone: NonNullable<ReturnType<typeof processGone>>,
): Promise<Proof | null> {
  const entries = await besideVolume({ service, folder }, async (helper) =>
    (await script(helper, 'the volume cannot be read', 'ls -A "$1"', [folder])).stdout
      .split('\n')
      .filter((name) => name !== ''),
  );
  if (entries.includes(mark.slice(folder.length + 1))) return null;
  const now = await service.state();
  if (now.status === 'running') return null;
  return {
    what: `${gone.what}; nothing started it again, and ${folder} holds ${entries.length} entries, and not the file that was left there just before`,
    facts: {
      ...gone.facts,
      status: now.status,
      pidBefore: before.pid,
      markGone: true,
      entries: entries.length,
    },
  };
}
