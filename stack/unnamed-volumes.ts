import { labels } from './owner.ts';
import { statusOf, type Container, type Docker, type Inspection } from './runtime.ts';

/** As the engine names a volume that nobody named. */
const unnamed = /^[0-9a-f]{64}$/;

/**
 * Volumes that the engine made for this container alone, without a name. Where Compose makes the container
 * anew, as a script's `up --build` does, it hands them on by name: the engine no longer removes them with the
 * container, and nothing tells them from somebody else's (it says no reliable age of a volume). One that this
 * container was given by name is none.
 */
export function unnamedVolumesOf(found: Pick<Inspection, 'Mounts' | 'HostConfig'>): string[] {
  const given = givenTo(found);
  return unnamedIn(found).filter((name) => !given.includes(name));
}

/**
 * Volumes without a name that this container was given by name, where it is a service's of a drill: Compose
 * handed them on from the one before it. No service may name such a volume (`assertContained`); only a single
 * run may be given one by whoever runs it.
 */
export function handedOnTo(found: Pick<Inspection, 'Mounts' | 'HostConfig' | 'Config'>): string[] {
  const own = found.Config.Labels ?? {};
  const isService =
    own[labels.drill] !== undefined &&
    own['com.docker.compose.service'] !== undefined &&
    own['com.docker.compose.oneoff'] !== 'True';
  const given = isService ? givenTo(found) : [];
  return unnamedIn(found).filter((name) => given.includes(name));
}

const givenTo = ({ HostConfig }: Pick<Inspection, 'HostConfig'>): string[] => [
  ...(HostConfig.Mounts ?? []).map(({ Source }) => Source),
  ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]!),
];

const unnamedIn = ({ Mounts }: Pick<Inspection, 'Mounts'>): string[] =>
  Mounts.flatMap(({ Type, Name = '' }) => (Type === 'volume' && unnamed.test(Name) ? [Name] : []));

/**
 * Removes those that no container has, and gives their names; the engine refuses one that is in use. One that
 * somebody labelled is his.
 */
export async function removeUnused(docker: Docker, names: Iterable<string>): Promise<string[]> {
  const removed: string[] = [];
  for (const name of [...names]) {
    const volume = docker.getVolume(name);
    try {
      if (!isUnlabelled((await volume.inspect()).Labels)) continue;
      await volume.remove();
      removed.push(name);
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  }
  return removed;
}

/** The engine's own label says that nobody named it (since 23.0). */
const isUnlabelled = (own: Record<string, string> | null): boolean =>
  Object.keys(own ?? {}).every((key) => key === 'com.docker.volume.anonymous');

/**
 * What Compose handed on to containers that are being removed: noted before one goes, and removed once no
 * container has it. `sweep` gives the names of those that it removed.
 */
export function handedOn(docker: Docker): {
  note(one: Container): Promise<void>;
  sweep(): Promise<string[]>;
} {
  const noted = new Set<string>();
  return {
    note: async (one) => {
      for (const name of handedOnTo(await one.inspect())) noted.add(name);
    },
    sweep: () => removeUnused(docker, noted),
  };
}
