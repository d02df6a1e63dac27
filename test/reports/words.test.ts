import { describe, expect, test } from 'vitest';
import { headline } from '../../reports/figures.ts';
import { objectiveBar } from '../../reports/objective-bar.ts';
import {
  evidenceText,
  figureText,
  gravestFirst,
  momentText,
  reasonText,
  scoreText,
} from '../../reports/words.ts';
import { sampleResults } from './sample-results.ts';

const { pass, fail, inconclusive, interrupted } = sampleResults;

describe('the reason in one sentence', () => {
  test.each([
    ['pass', pass, 'Every objective met; all 8 findings passed.'],
    [
      'fail',
      fail,
      'Failed: mysql recovers within its RTO (and 1 more). Clients had right answers again after measured 5 min 42 s (± 204 ms) + detection 1 min 30 s (derived) = 7 min 12 s, promised 5 min.',
    ],
    [
      'inconclusive',
      inconclusive,
      'Not proven: crash of redis took effect (and 2 more). Redis answered every PING for 10.0 s after the kill: nothing shows that it died.',
    ],
    [
      'interrupted',
      interrupted,
      'The drill was interrupted: SIGINT while the stack came up. Nothing was judged, so nothing is proven.',
    ],
    [
      'passed in part',
      { ...pass, outcome: 'aborted' as const, error: 'no disk', verdict: 'inconclusive' as const },
      'The drill was aborted: no disk. The findings that there are pass, but they do not prove the drill.',
    ],
    ['all passed, yet no objective', { ...pass, objectives: [] }, 'All 8 findings passed.'],
  ])('%s', (_, result, expected) => expect(reasonText(result)).toBe(expected));
});

test.each([
  [null, 'ms', 'not measured'],
  [0, 'ms', '0 ms'],
  [0, 'count', '0'],
  [0.99999, 'ratio', '99.999 %'],
  [0.999999, 'ratio', '99.999 %'],
  [1, 'ratio', '100 %'],
  [1536, 'bytes', '1.5 KiB'],
  [null, 'ratio', 'not measured'],
] as const)('%j %s reads %j', (value, unit, expected) => expect(figureText(value, unit)).toBe(expected));

test.each([
  [null, 5, 'not measured'],
  [12_400, 0, '+12.4 s'],
  [2_000, 5_000, '-3.0 s'],
  [52_000, null, 'at 52.0 s'],
] as const)('a moment at %j from a fault at %j reads %j', (at, fault, expected) =>
  expect(momentText(at, fault)).toBe(expected),
);

test('a score that could not be measured whole is an interval', () => {
  expect(scoreText(fail.score)).toBe('55 to 65 of 100 points (10 not measured)');
  expect(scoreText(pass.score)).toBe('100 of 100 points');
  expect(scoreText(interrupted.score)).toBe('no points at stake: nothing was scored');
});

test.each([
  [[], 'none'],
  [[7], '7'],
  [[7, 8], '7, 8'],
  [[1, 3, 4, 5, 9, 10], '1, 3–5, 9, 10'],
])('evidence %j reads %j', (evidence, expected) => expect(evidenceText(evidence)).toBe(expected));

test('failed gates come first, passes last', () => {
  expect(gravestFirst(fail.findings).map(({ verdict, gate }) => `${verdict}${gate ? '!' : ''}`)).toEqual([
    'fail!',
    'fail!',
    'inconclusive',
    'pass!',
    'pass!',
    'pass!',
    'pass',
    'pass',
  ]);
});

describe('the headline', () => {
  test('counts what the RPO is held against, not what the scenario gives up', () =>
    expect(headline(fail)).toEqual({
      rta: '5 min 42 s',
      rpa: '1.2 s',
      lost: '221 of 9 811 acknowledged writes',
      wrong: '0 wrong, 3 holes',
    }));
  test('one load that was not read back leaves the sum unknown', () => {
    const loads = [fail.loads[0]!, { ...fail.loads[0]!, classes: null }];
    expect(headline({ ...fail, loads })).toMatchObject({ lost: 'not measured', wrong: 'not measured' });
  });
  test('no load is not no loss', () => expect(headline(interrupted).lost).toBe('not measured'));
});

describe('an objective bar', () => {
  const bar = (
    part: Partial<(typeof fail.objectives)[number]>,
    time = pass.time,
  ): ReturnType<typeof objectiveBar> => objectiveBar({ ...pass.objectives[0]!, ...part }, time);
  test('splits the worst case into what it was added from', () =>
    expect(bar({}).segments.map(({ basis, ms }) => [basis, ms])).toEqual([
      ['measured', 12_431],
      ['derived', 90_000],
      ['declared', 120_000],
    ]));
  test('does not split what does not add up', () =>
    expect(bar({ worstMs: 250_000 }).segments.map(({ basis, ms }) => [basis, ms])).toEqual([
      ['measured', 12_431],
      ['worst case', 237_569],
    ]));
  test('has nothing where nothing was measured', () =>
    expect(bar({ actualMs: null, worstMs: null })).toMatchObject({
      segments: [],
      margin: 'margin unknown',
      resolution: null,
    }));
  test('names the worst case that it is held against', () => {
    expect(bar({}).margin).toBe('worst case 1 min 18 s to spare');
    expect(bar({ worstMs: null }).margin).toBe('4 min 48 s to spare');
    expect(bar({ actualMs: 300_000, worstMs: 300_000 }).margin).toBe('nothing to spare');
    expect(bar({ actualMs: 310_000, worstMs: 310_000 }).margin).toBe('over by 10.0 s');
  });
});
