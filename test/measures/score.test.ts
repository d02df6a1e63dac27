import { expect, test } from 'vitest';
import type { Verdict } from '../../core/verdict.ts';
import { finding } from '../../measures/finding.ts';
import { scoreOf } from '../../measures/score.ts';

const worth = (verdict: Verdict, weight: number, gate = false) =>
  finding({ id: `${verdict}/${weight}`, title: '', verdict, detail: '', evidence: [1], weight, gate });

test.each<[string, ReturnType<typeof worth>[], { low: number; high: number; of: number }]>([
  ['nothing was judged', [], { low: 0, high: 0, of: 0 }],
  ['a pass earns all of it', [worth('pass', 20)], { low: 20, high: 20, of: 20 }],
  ['a miss earns nothing', [worth('fail', 20)], { low: 0, high: 0, of: 20 }],
  ['what was not measured opens the interval', [worth('inconclusive', 20)], { low: 0, high: 20, of: 20 }],
  ['together', [worth('pass', 6), worth('fail', 20), worth('inconclusive', 4)], { low: 6, high: 10, of: 30 }],
])('%s', (_name, findings, score) => expect(scoreOf(findings)).toMatchObject(score));

test('a gate stands beside the points: it cannot be averaged away', () => {
  const score = scoreOf([
    ...Array.from({ length: 50 }, () => worth('pass', 20)),
    worth('fail', 0, true),
    worth('inconclusive', 1, true),
  ]);
  expect(score.gates).toEqual(['fail/0', 'inconclusive/1']);
});

test('the points add up to the score, each with the events that prove it', () => {
  const score = scoreOf([worth('pass', 6), worth('inconclusive', 4), worth('pass', 0)]);
  expect(score.points).toEqual([
    { finding: 'pass/6', claim: null, weight: 6, low: 6, high: 6, evidence: [1] },
    { finding: 'inconclusive/4', claim: null, weight: 4, low: 0, high: 4, evidence: [1] },
  ]);
});
