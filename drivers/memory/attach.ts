import type { AttachContext } from '../../core/driver.ts';
import type { MemoryConfig } from './config.ts';
import { serverName } from './copy.ts';
import { Database } from './database.ts';
import { hangingWorkload, never } from './hanging.ts';
import type { MemorySystem } from './system.ts';
import { memoryWorkload } from './workload.ts';

const databases = new Map<string, Database>();
/** The database of a component, while a drill of this process is attached to it: what its clients share. */
export const databaseOf = (component: string): Database | undefined => databases.get(component);

export async function open({
  component,
  service,
  config,
  clock,
  seed,
}: AttachContext<MemoryConfig>): Promise<MemorySystem> {
  const database = databases.get(component) ?? new Database(clock, config);
  databases.set(component, database);
  const { hangs } = config.bad;
  if (hangs === 'attach') await never(clock);
  return {
    server: serverName,
    service,
    workload: hangingWorkload(hangs, memoryWorkload(database, config), clock),
    database,
    config,
    clock,
    seed,
    ready: async () => database.status === 'running',
    close: async () => {
      if (hangs === 'close') await never(clock);
      databases.delete(component);
    },
  };
}
