import type { Undo } from '../../core/active-fault.ts';
import type { PostgresSite } from './server.ts';

/** Nothing to take back: what was there comes back by a recovery or not at all. */
export const nothingToUndo = ({ service }: Pick<PostgresSite, 'service'>, fault: string): Undo => ({
  name: `undo ${fault} of ${service.name}`,
  deadlineMs: 1_000,
  run: async () => undefined,
  healed: async () => null,
});

/** How long an operator's statement waits for locks. */
export const waitForLocks = "SET lock_timeout = '30s'";
