import { describe, expect, test } from 'vitest';
import { resultSchema } from '../../core/result.ts';
import { exitCodeOf } from '../../core/verdict.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { knownBad } from '../../fixtures/timelines/index.ts';
import { measures } from '../../measures/index.ts';
import { judgeSketch } from './timeline-builder.ts';

test('every measure has timelines that it must catch', () =>
  expect(Object.keys(knownBad).sort()).toEqual(Object.keys(measures).sort()));

test('the good drill passes, with nothing left open', () => {
  const result = judgeSketch(goodDrill());
  expect(result.findings.filter((finding) => finding.verdict !== 'pass')).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0, error: null });
  expect(result.score.low).toBe(result.score.of);
});

describe.each(Object.entries(knownBad))('%s', (_measure, cases) => {
  test.each(cases)('$name: $verdict', ({ spoil, finding: id, verdict, says }) => {
    const sketch = goodDrill();
    spoil(sketch);
    const result = judgeSketch(sketch);
    expect(result.findings.find((finding) => finding.id === id)).toMatchObject({
      verdict,
      detail: expect.stringMatching(says) as string,
    });
    expect(result.score.gates).toContain(id);
    expect(result.verdict).not.toBe('pass');
    expect(result.exitCode).toBe(exitCodeOf(result.verdict));
    expect(result.exitCode).not.toBe(0);
    expect(result.score.low).toBeLessThanOrEqual(result.score.high);
    expect(resultSchema.safeParse(result).error).toBeUndefined();
  });

  test.each(cases)('beside "$name" passes: $near.name', ({ near: { alter, shows, is, by }, finding: id }) => {
    const sketch = goodDrill();
    alter(sketch);
    const result = judgeSketch(sketch);
    expect(result.findings.filter((finding) => finding.verdict !== 'pass')).toEqual([]);
    expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
    expect(result.findings.map((finding) => finding.id)).toContain(by ?? id);
    expect(shows?.(result)).toEqual(is);
  });
});
