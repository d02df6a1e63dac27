import { systemClock, type Clock } from '../core/clock.ts';
import { labels } from './owner.ts';
import { removeImage } from './own-image.ts';
import { imagesWith, statusOf, type Runtime } from './runtime.ts';

export interface Removed {
  containers: string[];
  volumes: string[];
  networks: string[];
  images: string[];
}

/** What carries all of these labels (`key=value`), with the owner that each names. */
export interface Marked {
  kind: 'container' | 'volume' | 'network' | 'image';
  id: string;
  name: string;
  drill: string;
  owner: string;
}

export async function marked(runtime: Runtime, label: string[]): Promise<Marked[]> {
  const docker = runtime.container.dockerode;
  const filters = { label };
  const [containers, volumes, networks, images] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
    docker.listNetworks({ filters }),
    imagesWith(docker, label),
  ]);
  const mark = (found: Record<string, string> | undefined | null): { drill: string; owner: string } => ({
    drill: found?.[labels.drill] ?? '',
    owner: found?.[labels.owner] ?? '',
  });
  return [
    ...containers.map(
      (c): Marked => ({
        kind: 'container',
        id: c.Id,
        name: (c.Names[0] ?? c.Id).replace(/^\//, ''),
        ...mark(c.Labels),
      }),
    ),
    ...(volumes.Volumes ?? []).map(
      (v): Marked => ({ kind: 'volume', id: v.Name, name: v.Name, ...mark(v.Labels) }),
    ),
    ...networks.map((n): Marked => ({ kind: 'network', id: n.Id, name: n.Name, ...mark(n.Labels) })),
    ...images.map(
      (i): Marked => ({ kind: 'image', id: i.Id, name: i.RepoTags?.[0] ?? i.Id, ...mark(i.Labels) }),
    ),
  ];
}

/**
 * Removes whatever `find` gives until it gives nothing: containers (running, paused or restarting) with their
 * anonymous volumes, then volumes, networks and images of a drill's own. Compose's own `down` would need the
 * compose file, waits for graceful stops, and does not see helpers. Asked again, because the engine finishes
 * a request whose client has been killed. Rejects at the deadline with the last refusal.
 */
export async function removeMarked(
  runtime: Runtime,
  find: () => Promise<Marked[]>,
  deadlineMs = 60_000,
  clock: Clock = systemClock,
): Promise<Removed> {
  const docker = runtime.container.dockerode;
  const removed = new Map<string, Marked>();
  const until = clock.nowMs() + deadlineMs;
  let refusal: unknown = null;
  const remove = async (what: Marked, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
      removed.set(`${what.kind} ${what.id}`, what);
    } catch (error) {
      // 404: gone already. 409: being removed, or still used by something that goes in this or the next
      // round.
      if (statusOf(error) !== 404) refusal = error;
    }
  };
  for (;;) {
    const found = await find();
    if (found.length === 0) break;
    if (clock.nowMs() > until)
      throw refusal instanceof Error
        ? refusal
        : new Error(`${found.map((each) => each.name).join(', ')} cannot be removed`);
    const of = (kind: Marked['kind']): Marked[] => found.filter((each) => each.kind === kind);
    await Promise.all(
      of('container').map((each) =>
        remove(each, () => docker.getContainer(each.id).remove({ force: true, v: true })),
      ),
    );
    await Promise.all(of('volume').map((each) => remove(each, () => docker.getVolume(each.id).remove())));
    await Promise.all(of('network').map((each) => remove(each, () => docker.getNetwork(each.id).remove())));
    await Promise.all(of('image').map((each) => remove(each, () => removeImage(runtime, each.id))));
    await clock.sleep(50);
  }
  const names = (kind: Marked['kind']): string[] =>
    [...removed.values()].filter((each) => each.kind === kind).map((each) => each.name);
  return {
    containers: names('container'),
    volumes: names('volume'),
    networks: names('network'),
    images: names('image'),
  };
}
