import type { BegunWith } from '../core/begun-with.ts';
import type { TimelineWriter } from './timeline-writer.ts';

/**
 * Tells what a driver began with. Only within a step is that a restore of the recovery; what is put in place
 * before the loads, a replica's first copy say, is held against nothing.
 */
export function tellBeginning(
  { events, emit }: Pick<TimelineWriter, 'events' | 'emit'>,
  what: BegunWith,
): void {
  const step = events.findLast(({ type }) => type === 'step.begun' || type === 'step.ended');
  if (step?.type === 'step.begun') emit('restore.beganWith', what);
  else emit('note', { text: `${what.of} began with ${what.what} that is kept (SHA-256 ${what.sha256})` });
}
