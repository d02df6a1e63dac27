import type { Evidence } from '../core/measure.ts';
import type { Scenario } from '../core/scenario.ts';
import type { FollowsTold } from '../core/schedule-events.ts';
import { pointTakenBy, replayedBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';

/** A recovery point as the timeline has it. */
export interface PointSeen {
  point: string;
  begunMs: number;
  consistentMs: number;
  durableMs: number;
  copies: string[];
  seq: number;
}

/** One backup of the strategy as it ran in the drill. `backup` is `component.name`. */
export interface ProtectionSeen {
  backup: string;
  component: string;
  name: string;
  /**
   * Declared interval, and as it was in the drill, by timeScale or by what the first backup took; null for a
   * continuous method.
   */
  intervalMs: number | null;
  scaledMs: number | null;
  points: PointSeen[];
  /**
   * Longest measured time from consistency to durability, over points begun before the fault and the one it
   * met; null without any.
   */
  durabilityMs: number | null;
  /**
   * For how long the backup had been under way that the fault met: at least that long it took. Null without
   * one, and for one that was cut off while it was written and had taken longer than the interval, or a
   * backup that hangs would explain its own absence.
   */
  cutOffMs: number | null;
  /** False where its points hold software alone: no loss is explained by them, and none bounded. */
  holdsData: boolean;
  /** By whose clock it runs, in words, where that is not Muster's. */
  follows: string | null;
  begunSeq: number;
}

export function protectionOf(events: readonly TimelineEvent[], faultMs: number | null): ProtectionSeen[] {
  const begun = new Map(eventsOf(events, 'backup.begun').map((event) => [event.data.id, event.atMs]));
  return eventsOf(events, 'schedule.begun').map(({ seq, data }) => {
    const points = eventsOf(events, 'backup.durable')
      .filter((event) => event.data.backup === data.backup)
      .map((event) => ({
        point: event.data.point,
        begunMs: begun.get(event.data.id) ?? event.data.consistentAtMs,
        consistentMs: Math.min(event.data.consistentAtMs, event.atMs),
        durableMs: event.atMs,
        copies: event.data.copies,
        seq: event.seq,
      }));
    const timed = points
      .filter((point) => faultMs === null || point.begunMs <= faultMs)
      .map((point) => point.durableMs - point.consistentMs);
    const scaledMs = measuredMs(events, data.backup, faultMs) ?? data.scaledMs;
    const cutOffMs =
      faultMs === null || scaledMs === null ? null : underWayMs(events, data.backup, faultMs, scaledMs);
    if (timed.length > 0 && cutOffMs !== null) timed.push(cutOffMs);
    const [component, ...rest] = data.backup.split('.');
    return {
      backup: data.backup,
      component: component!,
      name: rest.join('.'),
      intervalMs: data.intervalMs,
      scaledMs,
      points,
      durabilityMs: timed.length === 0 ? null : Math.max(...timed),
      cutOffMs,
      holdsData: data.holds !== 'software',
      follows: data.follows ? clockOf(data.follows) : null,
      begunSeq: seq,
    };
  });
}

function clockOf({ service, set }: FollowsTold): string {
  const who = `by the clock of ${service ?? 'what makes it'}, which no time scale compresses`;
  return set ? `${who}; ${set.name} is ${JSON.stringify(set.value)} in the drill's copy` : who;
}

/**
 * How often a schedule without a time scale ran by the fault; null for one that had not been measured by
 * then.
 */
function measuredMs(events: readonly TimelineEvent[], backup: string, faultMs: number | null): number | null {
  return (
    eventsOf(events, 'schedule.measured').find(
      ({ data, atMs }) => data.backup === backup && (faultMs === null || atMs <= faultMs),
    )?.data.scaledMs ?? null
  );
}

/**
 * How many times shorter than declared the intervals were: as the scenario has it, else the most that a
 * schedule was. 1 is real time.
 */
export function timeScaleOf(events: readonly TimelineEvent[], { timeScale }: Scenario): number {
  if (timeScale !== undefined) return timeScale;
  const factors = protectionOf(events, null).flatMap(({ intervalMs, scaledMs }) =>
    intervalMs === null || scaledMs === null ? [] : [intervalMs / scaledMs],
  );
  return Math.max(1, ...factors);
}

function underWayMs(
  events: readonly TimelineEvent[],
  backup: string,
  faultMs: number,
  longestMs: number,
): number | null {
  const ended = new Set(
    eventsOf(events, 'backup.durable', 'backup.failed')
      .filter((event) => event.atMs < faultMs)
      .map((event) => event.data.id),
  );
  const begun = eventsOf(events, 'backup.begun').findLast(
    ({ data, atMs }) => data.backup === backup && atMs <= faultMs && !ended.has(data.id),
  );
  if (!begun) return null;
  const itself = (event: { data: { id: string } }): boolean => event.data.id === begun.data.id;
  const hangs =
    faultMs - begun.atMs > longestMs &&
    !eventsOf(events, 'backup.durable').some(itself) &&
    !eventsOf(events, 'backup.failed').some(
      (event) =>
        itself(event) && event.data.cutOff !== undefined && event.data.cutOff.completeAtMs <= faultMs,
    );
  return hangs ? null : faultMs - begun.atMs;
}

/** What a component's recovery rests on, by the steps that the scenario declares. */
export interface RecoveryMeans {
  /** Snapshot schedules that the restore may have taken; empty when nothing was restored. */
  snapshots: ProtectionSeen[];
  /** Data was restored from a backup by a step. */
  restored: boolean;
  /** Backups that the restoring steps name; none where they leave the choice. */
  named: string[];
  /** A continuous log was replayed on top. */
  replayed: boolean;
}

export function recoveryMeansOf(
  evidence: Evidence,
  component: string,
  protection: readonly ProtectionSeen[],
): RecoveryMeans {
  const steps = stepsOf(evidence.scenario);
  const restores = steps
    .flatMap((step) => pointTakenBy(step) ?? [])
    .filter((point) => point.component === component);
  const named = restores.flatMap(({ backup }) => backup ?? []);
  const taken = protection.filter(
    (one) =>
      one.component === component &&
      one.intervalMs !== null &&
      (named.length === 0 || named.includes(one.name)),
  );
  const snapshots = taken.filter((one) => one.holdsData);
  const restored = restores.length > 0 && (snapshots.length > 0 || taken.length === 0);
  const replayed = steps.some((step) => replayedBy(step) === component);
  return { snapshots: restored ? snapshots : [], restored, named, replayed };
}
