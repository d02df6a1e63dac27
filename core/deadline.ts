import type { Clock } from './clock.ts';
import { environmentError } from './errors.ts';
import { formatDuration } from './units.ts';

/**
 * What `work` gives, by the deadline. Rejects then with an environment error, whatever the work does
 * afterwards.
 */
export function withDeadline<T>(
  clock: Pick<Clock, 'after'>,
  what: string,
  deadlineMs: number,
  work: Promise<T>,
  hint?: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(environmentError(`${what} took longer than ${formatDuration(deadlineMs)}`, { hint }));
    const callOff = clock.after(deadlineMs, late);
    void work.then(resolve, reject).finally(callOff);
  });
}
