/**
 * A schedule without a time scale: the next backup is due twice as long after this one was as it took, so
 * that as much again is left to the traffic.
 */
export const timesItsDuration = 2;

/**
 * Less would hardly let the load write something between two backups, and a busy machine is late by a good
 * part of it.
 */
export const leastIntervalMs = 2_000;

const roundToMs = 100;

export function measuredIntervalMs(declaredMs: number, tookMs: number): number {
  const wantedMs = Math.ceil((timesItsDuration * tookMs) / roundToMs) * roundToMs;
  return Math.min(declaredMs, Math.max(leastIntervalMs, wantedMs));
}
