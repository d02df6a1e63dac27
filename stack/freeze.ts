import { pollUntil, type Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';

/**
 * A process that waits for the disk cannot be frozen, and the engine's runtime gives up within a second: it
 * leaves it to the caller to ask again (runc, libcontainer/cgroups/fs/freezer.go).
 */
const freezeDeadlineMs = 30_000;

/** Asks again for as long as the engine says that it could not freeze the processes; rejects as it does. */
export async function untilFrozen(clock: Clock, pause: () => Promise<unknown>): Promise<void> {
  let refused: unknown;
  const once = async (): Promise<true | null> => {
    try {
      await pause();
      return true;
    } catch (error) {
      if (!/unable to freeze/.test(messageOf(error))) throw error;
      refused = error;
      return null;
    }
  };
  const frozen = await pollUntil(clock, { everyMs: 100, deadlineMs: freezeDeadlineMs }, once);
  if (frozen === null) throw refused;
}
