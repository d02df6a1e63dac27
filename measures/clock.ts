import type { Measure } from '../core/measure.ts';
import type { TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { momentsOf } from './drill.ts';
import { finding } from './finding.ts';

/**
 * Less is what a busy machine puts between two looks, and what a clock that is kept right is corrected by.
 */
const stepMs = 2_000;

/**
 * From one event to the next the clock on the wall went so much further than the drill's own; less than 0: it
 * was set back.
 */
export interface Jump {
  before: TimelineEvent;
  after: TimelineEvent;
  ms: number;
}

export function jumpsOf(events: readonly TimelineEvent[]): Jump[] {
  // Who noticed something may say so later than it was.
  const told = events.filter(({ type }) => type !== 'detected');
  return told.slice(1).flatMap((after, i) => {
    const before = told[i]!;
    const ms = Date.parse(after.utc) - Date.parse(before.utc) - (after.atMs - before.atMs);
    return Math.abs(ms) > stepMs ? [{ before, after, ms }] : [];
  });
}

/**
 * A machine that sleeps stops the drill's own clock, and that of its clients: what they measure then is less
 * than what it took. The clock on the wall goes on. One that was set forward looks the same, and so do times
 * that were altered: there is no telling.
 */
export const clock: Measure = {
  about:
    "From the first load to the end of the verification, the clock on the wall went no further than the drill's own",
  judge({ events }) {
    const fromMs = events.find(({ type }) => type === 'load.begun')?.atMs ?? 0;
    const untilMs = momentsOf(events).verifiedMs ?? Infinity;
    const leaps = jumpsOf(events).filter(
      ({ ms, after, before }) => ms > 0 && after.atMs >= fromMs && before.atMs < untilMs,
    );
    if (leaps.length === 0) return [];
    const { before, after, ms } = leaps.reduce((a, b) => (b.ms > a.ms ? b : a));
    return [
      finding({
        id: 'clock',
        title: 'The clocks agree on how long it took',
        verdict: 'inconclusive',
        actual: ms,
        objective: stepMs,
        unit: 'ms',
        gate: true,
        evidence: leaps.flatMap((leap) => [leap.before.seq, leap.after.seq]),
        detail: `From event ${before.seq} to event ${after.seq} the clock on the wall went ${formatDuration(ms)} further than the drill's own: the machine slept, that clock was set, or times were altered. No figure holds that time.`,
      }),
    ];
  },
};
