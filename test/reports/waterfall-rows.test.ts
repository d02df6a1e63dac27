import { expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { waterfallRows } from '../../reports/waterfall-rows.ts';

type Segment = DrillResult['waterfall'][number];
const stretch = (stage: Segment['stage'], beginMs: number, endMs: number): Segment => ({
  stage,
  what: stage === 'other' ? 'between recorded stages' : `${stage} redis`,
  beginMs,
  endMs,
});
const segments = [
  stretch('impact', 0, 900),
  stretch('other', 900, 903),
  stretch('fetch', 903, 1_500),
  stretch('other', 1_500, 1_504),
  stretch('restore', 1_504, 3_000),
  stretch('other', 3_000, 4_000),
  stretch('verify', 4_000, 5_000),
];

test('short gaps are one line, and nothing is lost of the time', () => {
  const rows = waterfallRows(segments);
  expect(rows.map(({ stage, what, tookMs }) => [stage, what, tookMs])).toEqual([
    ['impact', 'impact redis', 900],
    ['fetch', 'fetch redis', 597],
    ['restore', 'restore redis', 1_496],
    ['other', 'between recorded stages', 1_000],
    ['verify', 'verify redis', 1_000],
    ['other', 'between recorded stages, 2 times', 7],
  ]);
  expect(rows.reduce((total, row) => total + row.tookMs, 0)).toBe(5_000);
  expect(rows.at(-1)!.stretches).toEqual([segments[1], segments[3]]);
});

test('one short gap stays where it is', () => {
  const once = segments.filter((_, at) => at !== 3);
  expect(waterfallRows(once).map(({ stage }) => stage)).toEqual(once.map(({ stage }) => stage));
});
