import type { DrillResult } from '../core/result.ts';
import { plural } from './words.ts';

type Segment = DrillResult['waterfall'][number];

/** A line of the table of where the time went: one stretch, or several that are told together. */
export interface WaterfallRow {
  stage: Segment['stage'];
  what: string;
  stretches: readonly Pick<Segment, 'beginMs' | 'endMs'>[];
  tookMs: number;
}

/** Of the whole: what nobody recorded and is shorter than this is told in one line. */
const shortShare = 0.01;

/**
 * The segments as a reader wants them: the short gaps between recorded stages would be every second line, and
 * are the last one together. The times of the rows add up to those of the segments.
 */
export function waterfallRows(segments: readonly Segment[]): WaterfallRow[] {
  const tookMs = ({ beginMs, endMs }: Pick<Segment, 'beginMs' | 'endMs'>): number => endMs - beginMs;
  const sum = (stretches: readonly Pick<Segment, 'beginMs' | 'endMs'>[]): number =>
    stretches.reduce((total, one) => total + tookMs(one), 0);
  const wholeMs = sum(segments);
  const isShortGap = (one: Segment): boolean => one.stage === 'other' && tookMs(one) < shortShare * wholeMs;
  const gaps = segments.filter(isShortGap);
  const told = gaps.length > 1 ? segments.filter((one) => !isShortGap(one)) : segments;
  const rows = told.map((one) => ({
    stage: one.stage,
    what: one.what,
    stretches: [one],
    tookMs: tookMs(one),
  }));
  if (gaps.length < 2) return rows;
  const what = `between recorded stages, ${plural(gaps.length, 'time')}`;
  return [...rows, { stage: 'other', what, stretches: gaps, tookMs: sum(gaps) }];
}
