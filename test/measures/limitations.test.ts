import { describe, expect, test } from 'vitest';
import { at, goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { add, judgeSketch, type Sketch } from './timeline-builder.ts';

const limitationsOf = (which: RegExp, alter: (sketch: Sketch) => void): string[] => {
  const sketch = goodDrill();
  alter(sketch);
  return judgeSketch(sketch).limitations.filter((one) => which.test(one));
};

describe('what a restore began with', () => {
  const beganWith =
    (atMs: number) =>
    (sketch: Sketch): void =>
      add(sketch, atMs, 'restore.beganWith', {
        of: 'redis',
        what: 'an empty data folder',
        sha256: 'a'.repeat(64),
        madeAt: '2026-01-01T00:00:00.000Z',
        madeInMs: 3_400,
        timedBy: 'a clock',
      });
  test('is told to be held against the RTO where it is', () => {
    expect(limitationsOf(/began with/, beganWith(21_600))).toEqual([
      expect.stringMatching(/took 3\.4 s .*; it is added to what is held against the RTO/),
    ]);
  });
  test('is told to be in no figure where clients had right answers before it was taken', () => {
    expect(limitationsOf(/began with/, beganWith(at.correct + 1_000))).toEqual([
      expect.stringMatching(/; it is in no figure, for clients had right answers before it was taken\.$/),
    ]);
  });
  test('is told to be in no figure where no RTO is promised', () => {
    const limits = limitationsOf(/began with/, (sketch) => {
      for (const one of Object.values(
        sketch.strategy['components'] as Record<string, { objectives?: { rto?: string } }>,
      ))
        if (one.objectives) delete one.objectives.rto;
      beganWith(21_600)(sketch);
    });
    expect(limits).toEqual([
      expect.stringMatching(/; it is in no figure, for no recovery time is held against an RTO\.$/),
    ]);
  });
});

describe('a clock on the wall that fell behind', () => {
  const looked = (sketch: Sketch): void => {
    for (let atMs = at.fault; atMs < at.observed; atMs += 500) add(sketch, atMs, 'note', { text: 'a look' });
  };
  const behind =
    (lostMs: (atMs: number) => number) =>
    (sketch: Sketch): void => {
      looked(sketch);
      sketch.aheadMs = (atMs) => -lostMs(atMs);
    };
  test('in one step: the step is told, and nothing more', () => {
    expect(
      limitationsOf(
        /clock on the wall/,
        behind((atMs) => (atMs > at.fault ? 60_000 : 0)),
      ),
    ).toEqual([expect.stringMatching(/was set back by 1 min before event \d+/)]);
  });
  test('in steps that are each too small to show: their sum is told', () => {
    expect(
      limitationsOf(
        /clock on the wall/,
        behind((atMs) => 1_900 * Math.max(0, Math.min(4, Math.floor((atMs - at.fault) / 1_500)))),
      ),
    ).toEqual([expect.stringMatching(/fell behind the drill's own by 7\.6 s from event \d+ to event \d+/)]);
  });
  test('because it stands still: that is told', () => {
    expect(
      limitationsOf(
        /clock on the wall/,
        behind((atMs) => Math.max(0, atMs - at.fault)),
      ),
    ).toEqual([expect.stringMatching(/fell behind the drill's own by 8\.\d s from event \d+ to event \d+/)]);
  });
  test('by less than anybody would see: nothing is told', () => {
    expect(
      limitationsOf(
        /clock on the wall/,
        behind((atMs) => (atMs > at.fault ? 1_900 : 0)),
      ),
    ).toEqual([]);
  });
});

test('what no recovery point holds is among what the drill does not show', () => {
  const said = (leavesOut?: string[]): string[] =>
    limitationsOf(/^In no recovery point/, ({ events }) => {
      for (const event of events)
        if (event.type === 'schedule.begun' && leavesOut) event.data = { ...event.data, leavesOut };
    });
  expect(said()).toEqual([]);
  expect(said(['accounts', 'other databases'])).toEqual([
    expect.stringMatching(/^In no recovery point of \S+: accounts, other databases\.$/),
  ]);
});
