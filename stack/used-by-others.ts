import { hasNameOf } from './own-containers.ts';
import { labels } from './owner.ts';
import type { Docker } from './runtime.ts';

interface Held {
  kind: string;
  id: string;
  drill: string;
}

/**
 * Whether a container that is not the drill's has each of these, volumes and networks: the engine refuses to
 * remove them while it is there, or runs.
 */
export async function areAllUsedByOthers(docker: Docker, found: readonly Held[]): Promise<boolean> {
  if (found.some(({ kind }) => kind !== 'volume' && kind !== 'network')) return false;
  const containers = await docker.listContainers({ all: true });
  return found.every(({ kind, id, drill }) =>
    containers.some(
      ({ Labels: own, Names, Mounts, NetworkSettings, State }) =>
        own[labels.drill] !== drill &&
        !hasNameOf(drill, Names) &&
        (kind === 'volume'
          ? Mounts.some(({ Type, Name }) => Type === 'volume' && Name === id)
          : State !== 'exited' &&
            Object.values(NetworkSettings?.Networks ?? {}).some(({ NetworkID }) => NetworkID === id)),
    ),
  );
}
