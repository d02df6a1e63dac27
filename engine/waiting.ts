import { formatDuration } from '../core/units.ts';
import type { Control } from './drill-context.ts';
import { unlessAborted } from './undo.ts';
import { withDeadline } from '../core/deadline.ts';

export const atMost = (ms: number): string => `at most ${formatDuration(ms)}`;

/** Says on the screen what is waited for, and for how long at most. */
export function sayWait({ progress }: Pick<Control, 'progress'>, what: string, deadlineMs: number): void {
  progress({ kind: 'line', text: `${what} (${atMost(deadlineMs)})` });
}

/**
 * Says what is waited for and waits for it. Rejects at the deadline with what it was, whatever the work does
 * afterwards.
 */
export function waitFor<T>(
  control: Pick<Control, 'clock' | 'progress'>,
  what: string,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  sayWait(control, what, deadlineMs);
  return withDeadline(control.clock, what, deadlineMs, work());
}

/** Waits until the drill before is over, and says so on the screen where it is not yet. */
export async function waitForFormer({
  after,
  signal,
  progress,
}: Pick<Control, 'after' | 'signal' | 'progress'>): Promise<void> {
  const isThere = Symbol('is there');
  if ((await Promise.race([after, Promise.resolve(isThere)])) === isThere)
    progress({ kind: 'line', text: 'waiting until the drill before is over' });
  await unlessAborted(signal, Promise.resolve(after));
}
