import { timeLimit } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { stageOf, type Recorded, type Control, type Given } from './drill-context.ts';
import type { RunningStep } from '../core/steps/running.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

export type Close = (signal: AbortSignal) => Promise<void>;

/** What is told to give up is given a moment to clear away what it has. */
const clearingMs = 10_000;

/**
 * Closes what restores left open, each within the deadline of a step. Rejects with what was not closed in
 * good order, or in time; all of it was tried then.
 */
export async function closeLeftOpen(drill: Control & Given, open: Close[]): Promise<void> {
  const failed: string[] = [];
  for (const close of open.splice(0))
    await closed(drill, close).catch((error: unknown) => failed.push(messageOf(error)));
  if (failed.length === 0) return;
  throw environmentError('what a restore left open was not closed in good order', {
    found: failed.join('; '),
  });
}

async function closed(drill: Control & Given, close: Close): Promise<void> {
  const { ms } = drill.plan.scenario.stepDeadline;
  const limit = timeLimit(drill.clock, ms);
  const signal = AbortSignal.any([drill.signal, limit.signal]);
  try {
    await withDeadline(drill.clock, 'closing it', ms + clearingMs, close(signal));
  } finally {
    limit.callOff();
  }
}

/**
 * What a step that failed has left open is closed before it, and the attempt, are over: no client has a part
 * in it, and whoever waits for the recovery waits for this too. What goes wrong is a note beside what failed.
 */
export async function closeOfFailed(
  drill: Recorded & Control & Given,
  open: Close[],
  step: RunningStep,
): Promise<void> {
  if (open.length === 0) return;
  sayWait(drill, 'closing what a restore left open', drill.plan.scenario.stepDeadline.ms);
  await stageOf(drill, step)('restore', 'close what was left open', () => closeLeftOpen(drill, open)).catch(
    tell(drill),
  );
  drill.signal.throwIfAborted();
}

/** Where it can change nothing any more. */
export const closeAndTell = (drill: Recorded & Control & Given, open: Close[]): Promise<void> =>
  closeLeftOpen(drill, open).catch(tell(drill));

const tell =
  ({ timeline }: Recorded) =>
  (error: unknown): void =>
    void timeline.emit('note', { text: messageOf(error) });
