import type { Measure } from '../core/measure.ts';
import type { TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding } from './finding.ts';

/**
 * Less is what a busy machine puts between two looks, and what a clock that is kept right is corrected by.
 */
export const stepMs = 2_000;

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

/** Twice what a clock that is kept right may be driven faster by (adjtimex(2): 500 parts per million). */
const drift = 0.001;

/**
 * The largest lead that the clock on the wall gained between any two events of this time, in one step or in
 * many; null where it is no more than a step and its drift.
 */
function largestLeap(
  events: readonly TimelineEvent[],
  fromMs: number,
  untilMs: number,
): (Jump & { limitMs: number }) | null {
  const told = events.filter(({ type }) => type !== 'detected');
  const first =
    Math.max(
      1,
      told.findIndex(({ atMs }) => atMs >= fromMs),
    ) - 1;
  const leadOf = ({ utc, atMs }: TimelineEvent): number => Date.parse(utc) - (1 + drift) * atMs;
  let before = told[first]!;
  let largest: Jump | null = null;
  for (const [i, after] of told.entries()) {
    if (i <= first) continue;
    const gainedMs = leadOf(after) - leadOf(before);
    if (
      gainedMs > stepMs &&
      gainedMs > (largest === null ? 0 : leadOf(largest.after) - leadOf(largest.before))
    )
      largest = {
        before,
        after,
        ms: Date.parse(after.utc) - Date.parse(before.utc) - (after.atMs - before.atMs),
      };
    if (gainedMs < 0) before = after;
    if (after.atMs >= untilMs) break;
  }
  if (largest === null) return null;
  return { ...largest, limitMs: stepMs + drift * (largest.after.atMs - largest.before.atMs) };
}

/** The most that the clock on the wall lost between any two events; null where its drift explains it. */
export function largestFall(events: readonly TimelineEvent[]): Jump | null {
  const leadOf = ({ utc, atMs }: TimelineEvent): number => Date.parse(utc) - (1 - drift) * atMs;
  let before = events[0]!;
  let largest: Jump | null = null;
  let lostMost = stepMs;
  for (const after of events.filter(({ type }) => type !== 'detected')) {
    const lostMs = leadOf(before) - leadOf(after);
    if (lostMs > lostMost) {
      lostMost = lostMs;
      const ms = Date.parse(after.utc) - Date.parse(before.utc) - (after.atMs - before.atMs);
      largest = { before, after, ms };
    }
    if (lostMs < 0) before = after;
  }
  return largest;
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
    const untilMs = drillTimesOf(events).verifiedMs ?? Infinity;
    const leap = largestLeap(events, fromMs, untilMs);
    if (leap === null) return [];
    const { before, after, ms, limitMs } = leap;
    return [
      finding({
        id: 'clock',
        title: 'The clocks agree on how long it took',
        verdict: 'inconclusive',
        actual: ms,
        objective: limitMs,
        unit: 'ms',
        gate: true,
        evidence: [before.seq, after.seq],
        detail: `From event ${before.seq} to event ${after.seq} the clock on the wall went ${formatDuration(ms)} further than the drill's own: the machine slept, that clock was set, or times were altered. No figure holds that time.`,
      }),
    ];
  },
};
