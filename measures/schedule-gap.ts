import { eventsOf, type TimelineEvent } from '../core/timeline.ts';

/** Two runs of a schedule with more time between them than there may be. */
interface Gap {
  /** The recovery points of the two. */
  runs: [string, string];
  /** From the beginning of one to that of the next; what the first of them took, and what is explained. */
  ms: number;
  tookMs: number;
  limitMs: number;
}

/**
 * The first gap before the fault that is longer than an interval and what the run took, its removal of older
 * points included; null without one. A run that was left out shows here, also where the one after it was in
 * time for the fault.
 */
export function gapBetween(
  events: readonly TimelineEvent[],
  backup: string,
  faultMs: number,
  intervalMs: number,
): Gap | null {
  const own = eventsOf(
    events,
    'backup.begun',
    'backup.durable',
    'backup.failed',
    'prune.ended',
    'prune.failed',
  ).filter(({ data, atMs }) => data.backup === backup && atMs <= faultMs);
  const begun = eventsOf(own, 'backup.begun');
  for (const [i, next] of begun.slice(1).entries()) {
    const run = begun[i]!;
    const ms = next.atMs - run.atMs;
    const tookMs = own.findLast(({ seq }) => seq < next.seq)!.atMs - run.atMs;
    const limitMs = intervalMs + tookMs;
    if (ms > limitMs) return { runs: [run.data.point, next.data.point], ms, tookMs, limitMs };
  }
  return null;
}
