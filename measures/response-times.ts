import type { Strategy } from '../core/strategy.ts';

const finestMs = 0.05;
const slowestMs = 600_000;
/** Each bin ends 4 % above the one before: 416 of them from 0.05 ms to 10 minutes. */
const ratio = 1.04;
const bins = Math.ceil(Math.log(slowestMs / finestMs) / Math.log(ratio)) + 2;

/** The times that a strategy compares with: what is counted exactly while the ledger is read. */
export interface Thresholds {
  slowMs: number | null;
  longerMs: readonly number[];
}

export const noThresholds: Thresholds = { slowMs: null, longerMs: [] };
export const thresholdsOf = ({ slo, alerts }: Pick<Strategy, 'slo' | 'alerts'>): Thresholds => ({
  slowMs: slo?.slow?.ms ?? null,
  // A bundle from before there were alerts has none.
  longerMs: [
    ...new Set(
      Object.values(alerts ?? {}).flatMap((alert) =>
        alert.when === 'response-time' ? [alert.above.ms] : [],
      ),
    ),
  ],
});

/** Response times of one load, bucket by bucket, in memory that does not depend on how many there are. */
export interface ResponseTimes {
  add(bucket: number, durationMs: number): void;
  /**
   * Upper bound of the time within which this share of the bucket's operations was done; null when there are
   * none.
   */
  within(bucket: number, share: number): number | null;
  count(bucket: number): number;
}

export function createResponseTimes(buckets: number): ResponseTimes {
  const counts = new Uint32Array(buckets * bins);
  const totals = new Uint32Array(buckets);
  return {
    add: (bucket, durationMs) => {
      const bin = Math.min(
        bins - 1,
        Math.max(0, Math.ceil(Math.log(Math.max(durationMs, finestMs) / finestMs) / Math.log(ratio))),
      );
      const at = bucket * bins + bin;
      counts[at] = counts[at]! + 1;
      totals[bucket] = totals[bucket]! + 1;
    },
    within: (bucket, share) => {
      const wanted = Math.ceil(totals[bucket]! * share);
      if (wanted === 0) return null;
      let seen = 0;
      for (let bin = 0; bin < bins; bin += 1) {
        seen += counts[bucket * bins + bin]!;
        if (seen >= wanted) return Number((finestMs * ratio ** bin).toPrecision(4));
      }
      return null;
    },
    count: (bucket) => totals[bucket]!,
  };
}
