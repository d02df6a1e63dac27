import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { Check, CheckOutcome } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';

/** The same of every server that can be closed, so that a scenario reads the same whatever it is aimed at. */
export const fenceEntry = {
  about:
    'take no more writes, whatever happens: closed by itself, or stopped through the engine when it does not answer',
  params: z.strictObject({}),
} as const;
export const reopenEntry = {
  about: 'take a fence away: serve what is there',
  params: z.strictObject({}),
} as const;

/** What became of a real write. `unanswered`: nobody knows, which is neither safe nor a refusal. */
export type WriteAttempt =
  | { write: 'accepted' }
  | { write: 'refused'; said: string }
  | { write: 'unanswered'; said: string };

/**
 * Work on a server that must not take for ever: one that is cut off answers nothing, not even a connection's
 * end.
 */
export const answered = <T>(
  { clock, service }: { clock: Clock; service: Service },
  deadlineMs: number,
  work: Promise<T>,
): Promise<T> => withDeadline(clock, `an answer of ${service.name}`, deadlineMs, work);

/**
 * Stops the container through the engine (STONITH), and makes sure before that whoever starts it finds it
 * closed. Rejects when it still runs afterwards.
 */
export async function powerOff(
  service: Service,
  closeAtStart: () => Promise<void>,
): Promise<{ status: string }> {
  try {
    await closeAtStart();
  } finally {
    // A frozen process that was killed does nothing more when it thaws.
    if ((await service.state()).status === 'paused') {
      await service.signalFromHost('SIGKILL');
      await service.unpause().catch(() => undefined);
    }
    await service.stop(0);
  }
  const { status } = await service.state();
  if (status === 'running' || status === 'restarting')
    throw environmentError(`${service.name} cannot be fenced`, {
      found: `${status} after it was stopped`,
      expected: 'off',
    });
  return { status };
}

/**
 * Of a server that must take no more writes: it is off, or it refuses one as read-only. Anything else is not
 * known to be safe.
 */
export const refusesWritesCheck = (service: Service, attemptWrite: () => Promise<WriteAttempt>): Check => ({
  after: async (): Promise<CheckOutcome> => {
    const { status } = await service.state();
    if (status === 'exited' || status === 'created' || status === 'dead' || status === 'missing') {
      return {
        verdict: 'pass',
        detail: `${service.name} is off: the engine reports ${status}`,
        facts: { status },
      };
    }
    const attempt = await attemptWrite();
    const facts = { status, ...attempt };
    if (attempt.write === 'accepted')
      return { verdict: 'fail', detail: `${service.name} accepted a write`, facts };
    if (attempt.write === 'refused')
      return { verdict: 'pass', detail: `${service.name} refused a write: ${attempt.said}`, facts };
    return {
      verdict: 'inconclusive',
      detail: `${service.name} runs (${status}), and gave no answer to a write: ${attempt.said}`,
      facts,
    };
  },
});
