import { eventsOf, type EventData, type TimelineEvent } from '../core/timeline.ts';

/** Two runs of a schedule with more time between them than there may be. */
interface Gap {
  /** The recovery points of the two. */
  runs: [string, string];
  /** From the beginning of one to that of the next; what the first of them took, and what is explained. */
  ms: number;
  tookMs: number;
  /** What the scheduler was late by with the second of them. */
  delayMs: number;
  limitMs: number;
}

/** What explains the time between two runs. */
export interface Pace {
  backup: string;
  scaledMs: number;
  /** What any scheduler may be late by. */
  slackMs: number;
  /** Older points are removed after a run, which takes time of its own. */
  keeps: boolean;
}

interface Run {
  point: string;
  begunMs: number;
  lateMs: number;
  /** When it became durable or failed, and when the removal of older points after that was over. */
  endMs: number;
  overMs: number;
  durable: boolean;
}

/**
 * The first gap before the fault that is longer than an interval and what the run took, its removal of
 * older points included; null without one. A run that was left out shows here, also where the one after it
 * was in time for the fault.
 */
export function gapBetween(events: readonly TimelineEvent[], pace: Pace, faultMs: number): Gap | null {
  const runs = runsOf(events, pace).filter(({ begunMs }) => begunMs <= faultMs);
  for (const [i, next] of runs.slice(1).entries()) {
    const run = runs[i]!;
    const ms = next.begunMs - run.begunMs;
    const tookMs = Math.min(run.overMs, next.begunMs) - run.begunMs;
    const delayMs = lateBy(pace, run, next);
    const limitMs = pace.scaledMs + tookMs + delayMs;
    if (ms > limitMs) return { runs: [run.point, next.point], ms, tookMs, delayMs, limitMs };
  }
  return null;
}

/** The first run before the fault that took longer than the declared interval: the next one had to wait. */
export function overrunOf(
  events: readonly TimelineEvent[],
  pace: Pace,
  intervalMs: number,
  faultMs: number,
): { point: string; ms: number } | null {
  const run = runsOf(events, pace).find(
    ({ begunMs, endMs }) => endMs <= faultMs && endMs - begunMs > intervalMs,
  );
  return run ? { point: run.point, ms: run.endMs - run.begunMs } : null;
}

/**
 * What the scheduler was late by, at the fault, with the run after that of this point: the drill's own
 * delay is not the schedule's. No other run says anything of it. One that began only after the fault was
 * late by as much less as it was after it.
 */
export function delayAfter(
  events: readonly TimelineEvent[],
  pace: Pace,
  point: string,
  faultMs: number,
): number {
  const runs = runsOf(events, pace);
  const at = runs.findIndex((run) => run.point === point);
  const [run, next] = [runs[at], runs[at + 1]];
  const after = next ?? stopOf(events, pace);
  if (!run || !after) return pace.slackMs;
  return Math.max(pace.slackMs, lateBy(pace, run, after) - Math.max(0, after.begunMs - faultMs));
}

/** The end of a schedule, as a run that had been due and never began. */
function stopOf(events: readonly TimelineEvent[], { backup }: Pace): Pick<Run, 'begunMs' | 'lateMs'> | null {
  const stopped = eventsOf(events, 'schedule.stopped').find(({ data }) => data.backup === backup);
  return stopped ? { begunMs: stopped.atMs, lateMs: stopped.data.lateMs ?? 0 } : null;
}

/**
 * No more than one interval, or a run that was left out would not show, and none before the run was over.
 */
const lateBy = (
  { slackMs, scaledMs }: Pace,
  { endMs }: Run,
  { begunMs, lateMs }: Pick<Run, 'begunMs' | 'lateMs'>,
): number => Math.max(slackMs, Math.min(scaledMs, lateMs, begunMs - endMs));

/** A removal that found nothing to remove says nothing; one that failed does not say what it would have. */
const removesAny = (data: EventData['prune.ended'] | EventData['prune.failed']): boolean =>
  'error' in data || data.removed.length + data.completed.length > 0 || data.spared !== null;

/**
 * The runs of a backup, in order. A point that is said to begin or to end again is no further run; one that
 * failed before it had begun is.
 */
function runsOf(events: readonly TimelineEvent[], { backup, keeps }: Pace): Run[] {
  const runs = new Map<string, Run>();
  const own = eventsOf(
    events,
    'backup.begun',
    'backup.durable',
    'backup.failed',
    'prune.ended',
    'prune.failed',
  ).filter(({ data }) => data.backup === backup);
  let last: Run | null = null;
  for (const { type, atMs, data } of own) {
    if (!('point' in data)) {
      if (keeps && last?.durable && removesAny(data)) last.overMs = atMs;
      continue;
    }
    const run = runs.get(data.point);
    if (!run) {
      const lateMs = 'lateMs' in data ? (data.lateMs ?? 0) : 0;
      last = { point: data.point, begunMs: atMs, lateMs, endMs: atMs, overMs: atMs, durable: false };
      runs.set(data.point, last);
    } else if (type !== 'backup.begun' && run.endMs === run.begunMs) {
      Object.assign(run, { endMs: atMs, overMs: atMs, durable: type === 'backup.durable' });
    }
  }
  return [...runs.values()];
}
