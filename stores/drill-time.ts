import type { Clock } from '../core/clock.ts';

/** The time of one drill: of its own clock, and the same as absolute time. */
export interface DrillTime {
  /** Since the origin of the drill's clock. */
  nowMs(): number;
  utcAt(atMs: number): string;
}

/**
 * The clock on the wall is looked at once: somebody may set it back, or forward, in the middle of a drill,
 * and its recovery points would no longer be in the order in which they were taken.
 */
export function drillTime(clock: Clock, originMs: number): DrillTime {
  const nowMs = (): number => clock.nowMs() - originMs;
  const originUtcMs = Date.parse(clock.utc()) - nowMs();
  return { nowMs, utcAt: (atMs) => new Date(originUtcMs + atMs).toISOString() };
}
