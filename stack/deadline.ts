import { systemClock } from '../core/clock.ts';
import { environmentError } from '../core/errors.ts';
import { formatDuration } from '../core/units.ts';

/** What is pulled, built or installed takes its time, and has an end all the same. */
export const longMs = 30 * 60_000;

/** `pulling redis:8 (at most 30 min)`: what is waited for, for who watches. */
export const saying = (what: string, deadlineMs: number): string =>
  `${what} (at most ${formatDuration(deadlineMs)})`;

/**
 * Waits for work until the deadline. Rejects then with an environment error, whatever the work does
 * afterwards.
 */
export function within<T>(what: string, deadlineMs: number, work: Promise<T>, hint?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = systemClock.after(deadlineMs, () =>
      reject(environmentError(`${what} took longer than ${formatDuration(deadlineMs)}`, { hint })),
    );
    void work.then(resolve, reject).finally(callOff);
  });
}
