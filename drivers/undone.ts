import type { Undo } from '../core/active-fault.ts';
import type { Service } from '../core/service.ts';

/** Nothing to take back: what was there comes back by a recovery or not at all. */
export const nothingToUndo = ({ service }: { service: Service }, fault: string): Undo => ({
  name: `undo ${fault} of ${service.name}`,
  deadlineMs: 1_000,
  run: async () => undefined,
  healed: async () => null,
});
