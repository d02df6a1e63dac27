import { every, type Clock } from '../../core/clock.ts';
import type { DataClient } from '../../core/workload.ts';
import type { MemoryConfig } from './config.ts';
import type { MemorySystem } from './system.ts';

/**
 * As a client that waits for an answer without a deadline; as one, it keeps the process from ending by
 * itself.
 */
export const never = (clock: Clock): Promise<never> =>
  new Promise(() => {
    every(clock, 1_000, () => undefined);
  });

/** Known-bad: one of its calls never ends. */
export function hanging(
  what: MemoryConfig['bad']['hangs'],
  attached: MemorySystem,
  clock: Clock,
): MemorySystem {
  const hang = (): Promise<never> => never(clock);
  const { backups, workload, actions, checks } = attached;
  switch (what) {
    case 'seed':
      return { ...attached, actions: { ...actions, seed: hang } };
    case 'prepare':
      return { ...attached, workload: { ...workload!, prepare: hang } };
    case 'copy':
      return { ...attached, backups: { ...backups, copy: { ...backups['copy'], backup: hang } } };
    case 'restore':
      return { ...attached, backups: { ...backups, copy: { ...backups['copy'], restore: hang } } };
    case 'read': {
      if (workload?.kind !== 'data') return attached;
      return {
        ...attached,
        workload: { ...workload, open: async () => oneHangs(await workload.open(), hang) },
      };
    }
    case 'read-back':
      return { ...attached, workload: { ...workload!, readBack: hang } };
    case 'check':
      return { ...attached, checks: { ...checks, inventory: { ...checks['inventory'], after: hang } } };
    case 'close':
      return { ...attached, close: hang };
    default:
      return attached;
  }
}

const hangsAt = 100;

/** One of its reads gets no answer. */
function oneHangs(client: DataClient, hang: () => Promise<never>): DataClient {
  let reads = 0;
  return { ...client, read: (id) => ((reads += 1) === hangsAt ? hang() : client.read(id)) };
}
