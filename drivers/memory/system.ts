import type { ActiveFault, Proof, Undo } from '../../core/active-fault.ts';
import type { Clock } from '../../core/clock.ts';
import type { System } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import { systemFaults } from '../../core/fault.ts';
import type { MemoryConfig } from './config.ts';
import type { Database } from './database.ts';

/** A database in memory that the driver has opened. */
export interface MemorySystem extends System {
  database: Database;
  config: MemoryConfig;
  clock: Clock;
  seed: number;
}

export const memoryFault = systemFaults<MemorySystem>();

const undoDeadlineMs = 5_000;

/** `lost`: data goes. `stays`: how to see, when the recovery is over, that the effect is still there. */
interface Effect {
  act(): void;
  seen(): Proof | null;
  lost?: boolean;
  stays?: (() => Proof | null) | undefined;
}

export function inflict(
  { database, config }: MemorySystem,
  name: string,
  { act, seen, lost = false, stays }: Effect,
): ActiveFault {
  const { pid } = database;
  if (config.bad.faults === 'real') act();
  return {
    facts: { pid },
    witness: async () => seen(),
    ...(stays ? { stillThere: async () => stays() } : {}),
    undo: undoOf(database, config, name, lost),
  };
}

const undoOf = (database: Database, config: MemoryConfig, name: string, lost: boolean): Undo => ({
  name: `undo ${name}`,
  deadlineMs: undoDeadlineMs,
  run: async () => {
    if (config.bad.undo === 'fails') throw environmentError('the undo does not work');
    if (config.bad.undo === 'works') await database.start();
  },
  healed: async () => (database.status !== 'running' ? false : lost ? null : true),
});
