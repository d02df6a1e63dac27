import { afterEach, beforeEach, vi } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import type { Progress } from '../../core/progress.ts';

/** A clock that stands at 02:00:00 UTC, and goes where a test sets `nowMs`. */
export interface StoppedClock extends Clock {
  at: { nowMs: number };
}

/** The same for all tests of a file: each begins at 0, with timers that fire when it says so. */
export function stoppedClock(): StoppedClock {
  const at = { nowMs: 0 };
  beforeEach(() => {
    at.nowMs = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());
  return {
    at,
    nowMs: () => at.nowMs,
    utc: () => new Date(Date.UTC(2026, 10, 20, 2, 0, 0) + at.nowMs).toISOString(),
    sleep: () => Promise.resolve(),
    after: () => () => undefined,
  };
}

export const client = (failedPerSecond: number, perSecond = 2000): Progress => ({
  kind: 'client',
  perSecond,
  failing: failedPerSecond > 0,
  failedPerSecond,
});
