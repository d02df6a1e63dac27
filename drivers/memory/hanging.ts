import { every, type Clock } from '../../core/clock.ts';
import type { BackupMethod } from '../../core/backup.ts';
import type { DataClient, DataWorkload } from '../../core/workload.ts';
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

/** Known-bad: one of the calls of a load never ends. */
export function hangingWorkload(
  what: MemoryConfig['bad']['hangs'],
  workload: DataWorkload,
  clock: Clock,
): DataWorkload {
  if (what === 'prepare') return { ...workload, prepare: () => never(clock) };
  if (what === 'read')
    return { ...workload, open: async () => oneHangs(await workload.open(), () => never(clock)) };
  if (what === 'read-back') return { ...workload, readBack: () => never(clock) };
  return workload;
}

/** Known-bad: one of the calls of a backup method never ends. */
export function hangingMethod({ config, clock }: MemorySystem, method: BackupMethod): BackupMethod {
  if (config.bad.hangs === 'copy') return { ...method, backup: () => never(clock) };
  if (config.bad.hangs === 'restore') return { ...method, restore: () => never(clock) };
  return method;
}

const hangsAt = 100;

/** One of its reads gets no answer. */
function oneHangs(client: DataClient, hang: () => Promise<never>): DataClient {
  let reads = 0;
  return { ...client, read: (id) => ((reads += 1) === hangsAt ? hang() : client.read(id)) };
}
