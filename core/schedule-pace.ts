import type { Followed } from './backup.ts';

/**
 * How often a schedule runs in a drill at first, and whether it stays so: without a time scale until a backup
 * was measured. One that others run by their own clock is compressed by nothing.
 */
export function paceOf(
  everyMs: number,
  timeScale: number | undefined,
  follows: Followed | null,
): { scaledMs: number; measured: boolean } {
  if (follows) return { scaledMs: follows.schedule?.every.ms ?? everyMs, measured: true };
  if (timeScale !== undefined) return { scaledMs: everyMs / timeScale, measured: true };
  return { scaledMs: Math.min(everyMs, leastIntervalMs), measured: false };
}

/** What is followed is late for good when nothing of it was seen for so many intervals. */
export const followedWithin = 2;

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
