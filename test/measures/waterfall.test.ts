import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stages } from '../../core/timeline.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { drillTimesOf } from '../../measures/drill-times.ts';
import { restoreOnlyMs, waterfallOf } from '../../measures/waterfall.ts';
import { add, chain, drop, judgeSketch, type Sketch } from './timeline-builder.ts';

test('the good drill, segment by segment: the stage begun last has the time in which two overlap', () => {
  const told = judgeSketch(goodDrill()).waterfall.map(({ stage, beginMs, endMs }) => [
    stage,
    endMs - beginMs,
  ]);
  expect(told).toEqual([
    ['impact', 1],
    ['detect', 549],
    ['decide', 400],
    ['fetch', 200],
    ['decrypt', 300],
    ['restore', 1_100],
    ['other', 200],
    ['ready', 100],
    ['correct', 105],
    ['verify', 4_995],
  ]);
});

test('without an end to verification it goes as far as is known', () => {
  const sketch = goodDrill();
  drop(sketch, 'phase.ended', ({ phase }) => phase === 'verify');
  expect(judgeSketch(sketch).waterfall.at(-1)).toMatchObject({ stage: 'correct', endMs: 23_005 });
});

test('without a fault there is none', () => {
  const sketch = goodDrill();
  drop(sketch, 'fault.begun');
  expect(judgeSketch(sketch).waterfall).toEqual([]);
});

const stamp = fc.option(fc.nat(5_000), { nil: null });
const stretch = fc.record({
  stage: fc.constantFrom(...stages),
  from: fc.nat(5_000),
  lasting: fc.nat(2_000),
  ends: fc.boolean(),
});

test('whatever the order of stamps and stages: from fault to verified, without gap or overlap', () => {
  fc.assert(
    fc.property(
      fc.array(stretch, { maxLength: 8 }),
      fc.array(stamp, { minLength: 6, maxLength: 6 }),
      fc.boolean(),
      (stretches, [impact, detected, begun, ended, ready, correct], automatic) => {
        const sketch: Sketch = { strategy: {}, scenario: {}, events: [], records: [] };
        add(sketch, 100.25, 'fault.begun', { fault: 'crash', target: 'redis', params: {} });
        if (detected !== null) add(sketch, detected!, 'detected', { by: 'probe', detail: '' });
        if (begun !== null) add(sketch, begun!, 'recovery.begun', { automatic });
        if (ended !== null) add(sketch, ended!, 'recovery.ended', { ok: true });
        if (ready !== null) add(sketch, ready!, 'ready', { component: 'redis' });
        stretches.forEach(({ stage, from, lasting, ends }, step) => {
          add(sketch, from, 'stage.begun', { step, stage, what: `${stage} ${step}` });
          if (ends)
            add(sketch, from + lasting, 'stage.ended', { step, stage, what: `${stage} ${step}`, ok: true });
        });
        add(sketch, 7_000.75, 'phase.ended', { phase: 'verify', ok: true });
        const events = chain(sketch.events);
        const segments = waterfallOf(events, drillTimesOf(events), impact!, correct!);
        expect(segments[0]!.beginMs).toBe(100.25);
        expect(segments.at(-1)!.endMs).toBe(7_000.75);
        segments.forEach((segment, i) => {
          expect(segment.endMs).toBeGreaterThan(segment.beginMs);
          if (i > 0) expect(segment.beginMs).toBe(segments[i - 1]!.endMs);
        });
      },
    ),
    { numRuns: 500, seed: 13 },
  );
});

test('restore-only time counts overlapping work once, and is null where nothing was restored', () => {
  const sketch: Sketch = { strategy: {}, scenario: {}, events: [], records: [] };
  expect(restoreOnlyMs(chain(sketch.events), 10_000)).toBeNull();
  for (const [what, stage, from, to] of [
    ['a', 'restore', 1_000, 3_000],
    ['b', 'replay', 2_000, 4_000],
    ['c', 'fetch', 0, 9_000],
    ['d', 'restore', 6_000, 6_500],
  ] as const) {
    add(sketch, from, 'stage.begun', { step: 0, stage, what });
    add(sketch, to, 'stage.ended', { step: 0, stage, what, ok: true });
  }
  expect(restoreOnlyMs(chain(sketch.events), 10_000)).toBe(3_500);
});
