import { formatDuration } from '../core/units.ts';
import type { Drill } from './drill-context.ts';
import { withDeadline } from './undo.ts';

type Told = Pick<Drill, 'dependencies'>;

export const atMost = (ms: number): string => `at most ${formatDuration(ms)}`;

/** Says on the screen what is waited for, and for how long at most. */
export function sayWait({ dependencies }: Told, what: string, deadlineMs: number): void {
  dependencies.progress({ kind: 'line', text: `${what} (${atMost(deadlineMs)})` });
}

/**
 * Says what is waited for and waits for it. Rejects at the deadline with what it was, whatever the work does
 * afterwards.
 */
export function waitFor<T>(
  drill: Told,
  what: string,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  sayWait(drill, what, deadlineMs);
  return withDeadline(drill.dependencies.clock, what, deadlineMs, work());
}
