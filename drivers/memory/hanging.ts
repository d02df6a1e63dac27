import type { Attached } from '../../core/driver.ts';
import type { MemoryConfig } from './config.ts';

/** As a client that waits for an answer without a deadline; as one, it keeps the process from ending by itself. */
export const never = (): Promise<never> =>
  new Promise(() => {
    setInterval(() => undefined, 1_000);
  });

/** Known-bad: one of its calls never ends. */
export function hanging(what: MemoryConfig['bad']['hangs'], attached: Attached): Attached {
  const { backups, workload, actions, checks } = attached;
  switch (what) {
    case 'seed': return { ...attached, actions: { ...actions, seed: never } };
    case 'prepare': return { ...attached, workload: { ...workload!, prepare: never } };
    case 'copy': return { ...attached, backups: { ...backups, copy: { ...backups['copy'], backup: never } } };
    case 'restore': return { ...attached, backups: { ...backups, copy: { ...backups['copy'], restore: never } } };
    case 'wipe': return { ...attached, wipe: never };
    case 'read-back': return { ...attached, workload: { ...workload!, readBack: never } };
    case 'check': return { ...attached, checks: { ...checks, inventory: { ...checks['inventory'], after: never } } };
    case 'close': return { ...attached, close: never };
    default: return attached;
  }
}
