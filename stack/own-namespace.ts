import { environmentError } from '../core/errors.ts';
import { labels } from './owner.ts';
import type { Inspection, Runtime } from './runtime.ts';

/** What of a container may be shared: how the engine, a compose file and a reader call it. */
const kinds = {
  network: { mode: 'NetworkMode', key: 'network_mode', what: 'network' },
  ipc: { mode: 'IpcMode', key: 'ipc', what: 'shared memory' },
} as const;

/**
 * Rejects with an environment error unless that namespace of a container is the drill's own. Asked before
 * anything is done in it: with packets filtered in the host's network, the whole machine would be cut off.
 */
export async function assertOwnNamespace(
  site: { runtime: Runtime; labels: Record<string, string> },
  name: string,
  kind: keyof typeof kinds,
  { HostConfig }: Inspection,
): Promise<void> {
  const { mode, key, what } = kinds[kind];
  const is = String(HostConfig[mode] ?? '');
  const refused = (found: string): never => {
    throw environmentError(`refusing to touch the ${what} of ${name}: it is not this drill's`, {
      found,
      expected: `${what} of its own, or of another service of the drill`,
    });
  };
  if (/^(host$|ns:)/.test(is)) refused(`${key}: ${is}`);
  const sharedWith = /^container:(.+)$/.exec(is)?.[1];
  if (sharedWith === undefined) return;
  const other = await site.runtime.container.dockerode.getContainer(sharedWith).inspect();
  if ([labels.drill, labels.owner].some((one) => other.Config.Labels?.[one] !== site.labels[one]))
    refused(`that of ${other.Name.replace(/^\//, '')}`);
  await assertOwnNamespace(site, name, kind, other);
}
