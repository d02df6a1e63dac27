import type { LoadAnalysis, Series } from '../core/analysis.ts';
import type { AlertPlan } from '../core/strategy.ts';

/**
 * What one condition looks at, bucket by bucket: of `all` operations, so many were `bad`. It fires above
 * `limit`, a share.
 */
export interface Watched {
  bucketMs: number;
  startMs: number;
  all: number[];
  bad: number[];
  limit: number;
}

/**
 * The loads must be of one ledger: their buckets are the same. Only buckets that end within the observation
 * count.
 */
export function watchedBy(alert: AlertPlan, loads: readonly LoadAnalysis[], endMs: number): Watched {
  const { bucketMs, startMs, right } = loads[0]!.series;
  const buckets = Math.max(0, Math.min(right.length, Math.floor((endMs - startMs) / bucketMs)));
  const sum = (of: (series: Series) => readonly number[]): number[] =>
    Array.from({ length: buckets }, (_, bucket) =>
      loads.reduce((total, { series }) => total + (of(series)[bucket] ?? 0), 0),
    );
  if (alert.when === 'error-rate') {
    const bad = sum(({ failed }) => failed);
    const good = sum((series) => series.right);
    return {
      bucketMs,
      startMs,
      bad,
      all: good.map((count, bucket) => count + bad[bucket]!),
      limit: alert.above.share,
    };
  }
  const { ms } = alert.above;
  const bad = sum(({ longer }) => longer.find(({ thanMs }) => thanMs === ms)?.counts ?? []);
  return { bucketMs, startMs, bad, all: sum(({ timed }) => timed), limit: 1 - alert.at.share };
}

/**
 * When a condition over a sliding window became true and false again. Times are ends of buckets, in ms since
 * the drill's origin.
 */
export interface Firing {
  firedMs: number | null;
  clearedMs: number | null;
  /** When it was true before the fault. */
  falseAlarmMs: number | null;
  /** How much of the window in which it fired was observed; null when it did not fire. */
  observedMs: number | null;
  /** The clearing lies beyond the observation. */
  clearedDerived: boolean;
}

/**
 * Slides the window over what was observed. A drill is shorter than many a window: what lies before the load
 * began, and after the observation ended, is taken as the healthy traffic that was seen before the fault.
 * Null when none was seen: then nothing is known.
 */
export function slide(watched: Watched, overMs: number, faultMs: number): Firing | null {
  const { bucketMs, startMs, all, bad, limit } = watched;
  const faultBucket = Math.floor((faultMs - startMs) / bucketMs);
  const healthy = healthyPerBucket(watched, faultBucket);
  if (healthy === null) return null;
  const width = Math.max(1, Math.round(overMs / bucketMs));
  const endOf = (bucket: number): number => startMs + (bucket + 1) * bucketMs;
  const firing: Firing = {
    firedMs: null,
    clearedMs: null,
    falseAlarmMs: null,
    observedMs: null,
    clearedDerived: false,
  };
  let windowAll = healthy * width;
  let windowBad = 0;
  const calm = (bad.at(-1) ?? 0) === 0;
  const last = all.length + (calm ? width : 0);
  for (let bucket = 0; bucket < last; bucket += 1) {
    windowAll += (all[bucket] ?? healthy) - (bucket < width ? healthy : (all[bucket - width] ?? healthy));
    windowBad += (bad[bucket] ?? 0) - (bucket < width ? 0 : (bad[bucket - width] ?? 0));
    const fires = windowBad > 0 && windowBad > windowAll * limit;
    if (bucket < faultBucket) {
      if (fires) firing.falseAlarmMs ??= endOf(bucket);
    } else if (fires && firing.firedMs === null && bucket < all.length) {
      firing.firedMs = endOf(bucket);
      firing.observedMs = Math.min(width, bucket + 1) * bucketMs;
    } else if (!fires && firing.firedMs !== null) {
      firing.clearedMs = endOf(bucket);
      firing.clearedDerived = bucket >= all.length;
      break;
    }
  }
  return firing;
}

/** The bucket in which the load began is cut off, and so is the one of the fault. */
function healthyPerBucket({ all }: Watched, faultBucket: number): number | null {
  const first = all.findIndex((count) => count > 0);
  const before = all.slice(first + 1, Math.max(0, faultBucket));
  const sum = before.reduce((total, count) => total + count, 0);
  return first === -1 || sum === 0 ? null : sum / before.length;
}

/** So many operations a millisecond, and so many bad ones among them, in an outage as it was seen. */
export interface Outage {
  allPerMs: number;
  badPerMs: number;
}

/** What was asked for since the first failure until somebody acted, of all loads together. */
export function outageBefore(
  alert: AlertPlan,
  loads: readonly LoadAnalysis[],
  { faultMs, recoveryBegunMs }: { faultMs: number; recoveryBegunMs: number },
): Outage {
  const outage = { allPerMs: 0, badPerMs: 0 };
  for (const { beforeRecovery: before } of loads) {
    const lengthMs = Math.max(1, recoveryBegunMs - Math.max(faultMs, before.failedFromMs ?? faultMs));
    const [all, bad] =
      alert.when === 'error-rate'
        ? [before.all, before.failed]
        : [before.timed, before.longer.find(({ thanMs }) => thanMs === alert.above.ms)?.count ?? 0];
    outage.allPerMs += all / lengthMs;
    outage.badPerMs += bad / lengthMs;
  }
  return outage;
}

/**
 * How long after its beginning an outage would make the condition true, if it went on as it was while the
 * healthy traffic of before the fault leaves the window. Null when it never would.
 */
export function wouldFireAfterMs(
  watched: Watched,
  overMs: number,
  faultMs: number,
  { allPerMs, badPerMs }: Outage,
): number | null {
  const { bucketMs, startMs, limit } = watched;
  const healthy = healthyPerBucket(watched, Math.floor((faultMs - startMs) / bucketMs));
  if (healthy === null || badPerMs <= limit * allPerMs) return null;
  const healthyPerMs = healthy / bucketMs;
  return (limit * healthyPerMs * overMs) / (badPerMs - limit * (allPerMs - healthyPerMs));
}
