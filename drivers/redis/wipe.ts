import type { Inflicted, Proof } from '../../core/driver.ts';
import type { ServiceState } from '../../core/service.ts';
import { processGone, startAgain } from '../process.ts';
import type { Site } from './site.ts';
import { script } from './transfer.ts';

/**
 * The volume's content goes, then the process, as on a host that lost the volume: the restart policy brings up an
 * empty server. A file of our own is left on the volume first; that it is gone is what the witness looks at, with the engine's account of
 * the process and the new server's account of what it loaded.
 */
export async function wipe(site: Site): Promise<Inflicted> {
  const { service, server } = site;
  const folder = volumeOf(site);
  const mark = `${folder}/.muster-mark-${site.nextNumber()}`;
  const before = await service.state();
  const runId = (await server.info('server'))['run_id'] ?? null;
  await script(service, 'the volume cannot be written', ': > "$1"', [mark]);
  // A save at the wrong moment would put the data back between the two.
  await server.run((redis) => redis.config('SET', 'save', '')).catch(() => undefined);
  await script(service, 'the volume cannot be emptied', 'find "$1" -mindepth 1 -delete', [folder]);
  await service.signalFromHost('SIGKILL');
  return {
    facts: { folder, pid: before.pid, startedAt: before.startedAt },
    witness: () => witness(site, { before, mark, runId }),
    undo: { ...startAgain(service, 'undo wipe of'), healed: async () => ((await service.state()).status === 'running' ? null : false) },
  };
}

/** Where the volume is that holds the data; the data's own folder where it is on none. */
const volumeOf = ({ service, persistence: { dir } }: Site): string =>
  service.mounts.map(({ path }) => path).filter((path) => dir === path || dir.startsWith(`${path}/`)).sort((a, b) => b.length - a.length)[0] ?? dir;

async function witness({ service, server }: Site, { before, mark, runId }: { before: ServiceState; mark: string; runId: string | null }): Promise<Proof | null> {
  const after = await service.state();
  const gone = processGone(before, after);
  if (!gone || after.status !== 'running' || !(await server.answers())) return null;
  const { code } = await service.exec(['test', '-e', mark]);
  if (code !== 1) return null;
  const [own, persistence] = [await server.info('server'), await server.info('persistence')];
  const loaded = Number(persistence['rdb_last_load_keys_loaded']);
  if (own['run_id'] === runId || persistence['loading'] !== '0' || loaded !== 0) return null;
  return { what: `${gone.what}; the volume's content is gone, and the new server loaded ${loaded} keys`, facts: { ...(gone.facts as Record<string, string>), markGone: true, keysLoaded: loaded, runIdBefore: runId, runIdAfter: own['run_id'] ?? null } };
}
