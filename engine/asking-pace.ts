/**
 * What a probe noticed, clients may not meet: before anybody acts each load is given the time of so many of
 * its operations, within `mostMs`, so that what they had of it can be told from what the recovery breaks. One
 * that comes so seldom that it would have had none by then is given the time of `least` of them.
 */
export const asked = {
  operations: 20,
  least: 2,
  everyMs: 10,
  leastMs: 50,
  mostMs: 1_000,
  longestMs: 10_000,
};

/** For how long, at most, clients of these rates are waited for before somebody acts. */
export function askingMs(ratesPerSecond: readonly number[]): number {
  const { operations, least, leastMs, mostMs, longestMs } = asked;
  const msOf = (count: number): number => (count * 1_000) / Math.min(...ratesPerSecond);
  return Math.min(longestMs, Math.max(leastMs, Math.min(mostMs, msOf(operations)), msOf(least)));
}

/** Whether a load of this rate may have asked for less than that by then. */
export const asksTooSeldom = (ratePerSecond: number): boolean =>
  (ratePerSecond * asked.longestMs) / 1_000 < asked.least;
