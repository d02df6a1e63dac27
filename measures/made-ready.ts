import type { BegunWith } from '../core/backup.ts';
import { eventsOf, type Json, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';

/** What restores of this drill began with, and the step that says so. */
export type MadeReady = BegunWith & { seq: number };

/**
 * Under `begunWith`, wherever it stands in the facts of a step: of a restore, or of an action that has made
 * one.
 */
export const madeReady = (events: readonly TimelineEvent[]): MadeReady[] =>
  eventsOf(events, 'step.ended').flatMap(({ seq, data }) =>
    within(data.facts).map((one) => ({ ...one, seq })),
  );

function within(facts: Json): BegunWith[] {
  if (facts === null || typeof facts !== 'object') return [];
  if (Array.isArray(facts)) return facts.flatMap(within);
  return Object.entries(facts).flatMap(([name, value]) =>
    name === 'begunWith' && isBegunWith(value) ? [value] : within(value),
  );
}

const isBegunWith = (value: unknown): value is Json & BegunWith => {
  const { of, what, madeInMs } = (value ?? {}) as Partial<BegunWith>;
  return typeof of === 'string' && typeof what === 'string' && Number.isFinite(madeInMs);
};

/** Time that the recovery of a real site takes and that of this drill did not. */
export const totalMs = (all: readonly MadeReady[]): number =>
  all.reduce((sum, { madeInMs }) => sum + madeInMs, 0);

/** Terms of what is held against an RTO: `making an empty data folder 3.4 s (measured when it was made)`. */
export const readyText = (all: readonly MadeReady[]): string[] =>
  all.map(({ what, madeInMs }) => `making ${what} ${formatDuration(madeInMs)} (measured when it was made)`);
