import { formatDuration } from '../core/units.ts';
import type { Drill } from './drill-context.ts';
import { unlessAborted, withDeadline } from './undo.ts';

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

/** Waits until the drill before is over, and says so on the screen where it is not yet. */
export async function waitForFormer({
  dependencies,
  options,
}: Pick<Drill, 'dependencies' | 'options'>): Promise<void> {
  const { after, signal } = options;
  const isThere = Symbol('is there');
  if ((await Promise.race([after, Promise.resolve(isThere)])) === isThere)
    dependencies.progress({ kind: 'line', text: 'waiting until the drill before is over' });
  await unlessAborted(signal, Promise.resolve(after));
}
