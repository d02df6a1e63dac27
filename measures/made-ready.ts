import type { BegunWith } from '../core/begun-with.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';

/** What restores of this drill began with, and the event that says so. */
export type MadeReady = BegunWith & { seq: number };

/**
 * All that was taken by then, by attempts that failed as well. What is taken when clients had right answers
 * already kept nobody waiting.
 */
export const madeReady = (events: readonly TimelineEvent[], untilMs: number | null = null): MadeReady[] =>
  eventsOf(events, 'restore.beganWith')
    .filter(({ atMs }) => untilMs === null || atMs <= untilMs)
    .map(({ seq, data }) => ({ ...data, seq }));

/** Time that the recovery of a real site takes and that of this drill did not. */
export const totalMs = (all: readonly MadeReady[]): number =>
  all.reduce((sum, { madeInMs }) => sum + madeInMs, 0);

/** Terms of what is held against an RTO: `making an empty data folder 3.4 s (measured when it was made)`. */
export const readyText = (all: readonly MadeReady[]): string[] =>
  all.map(({ what, madeInMs }) => `making ${what} ${formatDuration(madeInMs)} (measured when it was made)`);
