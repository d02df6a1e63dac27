import { statusOf, type Docker, type Inspection } from './runtime.ts';

/** As the engine names a volume that nobody named. */
const unnamed = /^[0-9a-f]{64}$/;

/**
 * Volumes that the engine made for this container alone, without a name. Where Compose makes the container
 * anew, as a script's `up --build` does, it hands them on by name: the engine no longer removes them with the
 * container, and nothing tells them from somebody else's (it says no reliable age of a volume). One that this
 * container was given by name is none.
 */
export function unnamedVolumesOf({
  Mounts,
  HostConfig,
}: Pick<Inspection, 'Mounts' | 'HostConfig'>): string[] {
  const given = [
    ...(HostConfig.Mounts ?? []).map(({ Source }) => Source),
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]!),
  ];
  return Mounts.flatMap(({ Type, Name = '' }) =>
    Type === 'volume' && unnamed.test(Name) && !given.includes(Name) ? [Name] : [],
  );
}

/** Removes those that no container has; the engine refuses one that is in use. */
export async function removeUnused(docker: Docker, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    try {
      await docker.getVolume(name).remove();
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  }
}
