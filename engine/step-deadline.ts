import { timeLimit } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { environmentError, MusterError } from '../core/errors.ts';
import { formatDuration } from '../core/units.ts';
import type { Control, Given } from './drill-context.ts';
import { unlessAborted } from './undo.ts';
import { sayWait } from './waiting.ts';

/** What was told to end, and is at work all the same. */
export class StillAtWork extends MusterError {
  constructor(what: string, cause?: unknown) {
    super('environment', `${what} and does not end`, { cause });
  }
}

/** What is told to end is waited for so long; a command in a container is given up sooner. */
const endingMs = 30_000;

/**
 * What a step gives, by its deadline. Then its work is told to end by the signal, and waited for: what goes
 * on would work beside the next attempt, or in the phases after the recovery. Rejects with `StillAtWork`
 * where it does not end.
 */
export async function byDeadline<T>(
  drill: Control & Given,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { ms } = drill.plan.scenario.stepDeadline;
  const limit = timeLimit(drill.clock, ms);
  const working = work(AbortSignal.any([drill.signal, limit.signal]));
  try {
    return await withDeadline(drill.clock, what, ms, working);
  } catch (error) {
    if (!limit.signal.aborted || error instanceof StillAtWork) throw error;
    const late = `${what} took longer than ${formatDuration(ms)}`;
    sayWait(drill, `ending ${what}`, endingMs);
    const ended = working.catch((trouble: unknown) => {
      if (trouble instanceof StillAtWork) throw trouble;
    });
    await unlessAborted(drill.signal, withDeadline(drill.clock, what, endingMs, ended)).catch(
      (cause: unknown) => {
        throw new StillAtWork(late, cause);
      },
    );
    throw environmentError(late, { cause: error });
  } finally {
    limit.callOff();
  }
}
