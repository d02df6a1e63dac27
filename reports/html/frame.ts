import type { DrillResult } from '../../core/result.ts';
import type { Markup } from './markup.ts';

export interface Lane {
  height: number;
  label: string;
  note: string | null;
  draw: (top: number) => Markup;
}

/** What of the drill is drawn, and where a moment stands in it, in percent of the width. */
export interface Frame {
  beginMs: number;
  endMs: number;
  x(ms: number): number;
}

/**
 * From the beginning of the protection on, but no more than 1.2 times the rest before the fault: what matters
 * is after it.
 */
export function frameOf(result: DrillResult): Frame {
  const { faultMs, verifiedMs } = result.time;
  const phase = (name: string) => result.phases.find((item) => item.phase === name);
  const lastSeries = Math.max(
    0,
    ...result.series.map((series) => series.startMs + series.bucketMs * series.right.length),
  );
  const known = Math.max(verifiedMs ?? 0, phase('verify')?.endMs ?? 0, lastSeries);
  const endMs = known || Math.max(result.durationMs, 1);
  const protectMs = phase('protect')?.beginMs ?? 0;
  const beginMs =
    faultMs === null ? (known ? protectMs : 0) : Math.max(protectMs, faultMs - 1.2 * (endMs - faultMs), 0);
  const spanMs = Math.max(endMs - beginMs, 1);
  return { beginMs, endMs, x: (ms) => Math.min(100, Math.max(0, (100 * (ms - beginMs)) / spanMs)) };
}
