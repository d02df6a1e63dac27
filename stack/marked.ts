import { systemClock, type Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { containersWith, hasNameOf } from './own-containers.ts';
import { isOwnName, removeImage } from './own-image.ts';
import { asImageLabel, imageLabels, labels } from './owner.ts';
import { imagesWith, statusOf, type Docker, type Runtime } from './runtime.ts';
import { handedOn } from './unnamed-volumes.ts';
import { areAllUsedByOthers } from './used-by-others.ts';

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
  /** Unix ms, as the engine says; null where it does not, and of images, which have the time of a build. */
  madeMs: number | null;
}

export async function marked(runtime: Runtime, label: string[]): Promise<Marked[]> {
  const docker = runtime.container.dockerode;
  const filters = { label };
  const [containers, volumes, networks, images] = await Promise.all([
    containersWith(docker, label, { all: true }),
    docker.listVolumes({ filters }),
    docker.listNetworks({ filters }),
    imagesWith(docker, label.map(asImageLabel)),
  ]);
  const othersUse = images.length === 0 ? () => false : await usedByOthers(docker, containers);
  type Marks = Record<string, string> | undefined | null;
  const mark = (found: Marks, { drill, owner } = labels as { drill: string; owner: string }) => ({
    drill: found?.[drill] ?? '',
    owner: found?.[owner] ?? '',
  });
  return [
    ...containers.map(
      (c): Marked => ({
        kind: 'container',
        id: c.Id,
        name: (c.Names[0] ?? c.Id).replace(/^\//, ''),
        ...mark(c.Labels),
        madeMs: madeMsOf(c.Created * 1_000),
      }),
    ),
    ...(volumes.Volumes ?? []).map(
      (v): Marked => ({
        kind: 'volume',
        id: v.Name,
        name: v.Name,
        ...mark(v.Labels),
        madeMs: madeMsOf((v as { CreatedAt?: string }).CreatedAt),
      }),
    ),
    ...networks.map(
      (n): Marked => ({
        kind: 'network',
        id: n.Id,
        name: n.Name,
        ...mark(n.Labels),
        madeMs: madeMsOf(n.Created),
      }),
    ),
    ...images.flatMap((i): Marked[] => {
      const names = (i.RepoTags ?? []).filter((one) => one !== '<none>:<none>');
      const own = mark(i.Labels, imageLabels);
      const ownNames = names.filter((one) => isOwnName(own.drill, one));
      // One that has names of the user's alone is his by now.
      if (names.length > 0 && ownNames.length === 0) return [];
      // The last of its names is not taken from under a container that is not the drill's: of a running one
      // the engine keeps the image, and refuses it at each later try. It goes once that is gone.
      if (names.length === ownNames.length && othersUse(i.Id, own.drill)) return [];
      // By each name of its own, so that it stays where it has others.
      return (names.length > 0 ? ownNames : [i.Id]).map((id) => ({
        kind: 'image',
        id,
        name: id,
        ...own,
        madeMs: null,
      }));
    }),
  ];
}

/** Before there was a drill: what an engine says that has no clock, or no time to say. */
const noDrillYetMs = Date.UTC(2025, 0);

function madeMsOf(said: number | string | undefined): number | null {
  const ms = typeof said === 'string' ? Date.parse(said) : (said ?? NaN);
  return ms > noDrillYetMs ? ms : null;
}

/** Whether a container is of an image, by its ID, that is none of these and has no name by that drill. */
async function usedByOthers(
  docker: Docker,
  own: readonly { Id: string }[],
): Promise<(image: string, drill: string) => boolean> {
  const ids = new Set(own.map(({ Id }) => Id));
  const others = (await docker.listContainers({ all: true })).filter(({ Id }) => !ids.has(Id));
  return (image, drill) => others.some(({ ImageID, Names }) => ImageID === image && !hasNameOf(drill, Names));
}

/** Networks are let go in moments, once the containers on them are gone. */
const forNetworksMs = 15_000;

/**
 * Removes whatever `find` gives until it gives nothing: containers (running, paused or restarting) with their
 * anonymous volumes and those that Compose handed on to them, then volumes, networks and images of a drill's
 * own. Compose's own `down` would need the compose file, waits for graceful stops, and does not see helpers.
 * Asked again, because the engine finishes a request whose client has been killed. What only containers of
 * somebody else's hold stays. Rejects at the deadline with the last refusal.
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
  const { note, sweep } = handedOn(docker);
  const swept = new Set<string>();
  let refusal: unknown = null;
  let progressMs = clock.nowMs();
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
    // An engine can go on refusing a network that nobody is on any more, until it is started anew.
    const areNetworks = found.every(({ kind }) => kind === 'network');
    if (clock.nowMs() > (areNetworks ? Math.min(until, progressMs + forNetworksMs) : until))
      throw environmentError(`${found.map((each) => each.name).join(', ')} cannot be removed`, {
        found: refusal === null ? undefined : messageOf(refusal),
        ...(areNetworks
          ? { hint: 'where no container is on it, the engine lets it go once it is restarted' }
          : {}),
      });
    const before = removed.size;
    const of = (kind: Marked['kind']): Marked[] => found.filter((each) => each.kind === kind);
    await Promise.all(
      of('container').map((each) =>
        remove(each, async () => {
          const container = docker.getContainer(each.id);
          await note(container);
          await container.remove({ force: true, v: true });
          // At once: nothing says any more whose they are.
          for (const name of await sweep()) swept.add(name);
        }),
      ),
    );
    await Promise.all(of('volume').map((each) => remove(each, () => docker.getVolume(each.id).remove())));
    await Promise.all(of('network').map((each) => remove(each, () => docker.getNetwork(each.id).remove())));
    await Promise.all(of('image').map((each) => remove(each, () => removeImage(runtime, each.id))));
    if (removed.size > before) progressMs = clock.nowMs();
    if (removed.size === before && (await areAllUsedByOthers(docker, found))) break;
    await clock.sleep(50);
  }
  for (const name of await sweep()) swept.add(name);
  const names = (kind: Marked['kind']): string[] =>
    [...removed.values()].filter((each) => each.kind === kind).map((each) => each.name);
  return {
    containers: names('container'),
    volumes: [...names('volume'), ...swept],
    networks: names('network'),
    images: names('image'),
  };
}
