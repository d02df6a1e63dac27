import { expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import type { Verdict } from '../../core/verdict.ts';
import { renderSweep, sweepOf } from '../../reports/sweep.ts';
import { volumeLost as passedResult } from './passed-result.ts';

const drilled = (
  at: string,
  verdict: Verdict,
  rtaMs: number | null,
  rpaMs: number | null,
): { at: string; result: DrillResult } => ({
  at,
  result: {
    ...passedResult,
    drill: at,
    verdict,
    time: { ...passedResult.time, rtaMs },
    data: { ...passedResult.data, rpaMs },
  },
});

test('the worst of each figure comes with its own moment', () => {
  const sweep = sweepOf(
    'swept',
    [drilled('backup.begun', 'pass', 900, 4_000), drilled('worst', 'pass', 1_200, 3_000)],
    ['backup.begun', 'worst'],
  );
  expect(sweep.worst).toEqual({
    rta: { ms: 1_200, at: 'worst', unmeasured: [] },
    rpa: { ms: 4_000, at: 'backup.begun', unmeasured: [] },
    verdict: 'pass',
  });
  expect(renderSweep(sweep, { color: false })).toMatchInlineSnapshot(`
    "swept: the same drill at 2 moments
      moment        RTA     RPA    verdict
      backup.begun  900 ms  4.0 s  ✓ PASS
      worst         1.2 s   3.0 s  ✓ PASS
      right again: 2 of 2
      worst RTA: 1.2 s, at worst
      worst RPA: 4.0 s, at backup.begun
    ✓ PASS"
  `);
});

test('what was not measured is no zero, and is named beside the worst of the rest', () => {
  const sweep = sweepOf(
    'swept',
    [drilled('backup.begun', 'pass', 900, 0), drilled('worst', 'fail', null, null)],
    ['backup.begun', 'worst'],
  );
  expect(sweep.worst).toEqual({
    rta: { ms: 900, at: 'backup.begun', unmeasured: ['worst'] },
    rpa: { ms: 0, at: 'backup.begun', unmeasured: ['worst'] },
    verdict: 'fail',
  });
  expect(renderSweep(sweep, { color: false })).toMatch(
    /right again: 1 of 2\n +worst RTA: 900 ms, at backup\.begun; not measured at worst/,
  );
});

test('a moment that was asked for and not drilled keeps the whole from passing', () => {
  const sweep = sweepOf('swept', [drilled('backup.begun', 'pass', 900, 0)], ['backup.begun', 'worst']);
  expect(sweep).toMatchObject({ missing: ['worst'], worst: { verdict: 'inconclusive' } });
  expect(renderSweep(sweep, { color: false })).toMatch(/worst +not drilled/);
});

test('of nothing there is no worst, and nothing passes', () => {
  expect(sweepOf('swept', [], ['worst']).worst).toEqual({
    rta: { ms: null, at: null, unmeasured: [] },
    rpa: { ms: null, at: null, unmeasured: [] },
    verdict: 'inconclusive',
  });
});
