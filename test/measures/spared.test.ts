import { describe, expect, test } from 'vitest';
import { at, goodDrill, logins } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { kinds, outcomes } from '../../core/ledger.ts';
import { change, judgeSketch, keep, type Sketch } from './timeline-builder.ts';

const findingOf = (sketch: Sketch, id: string) => judgeSketch(sketch).findings.find((one) => one.id === id);

describe('a load whose clients are promised to notice nothing', () => {
  /** The logins are promised nothing will be seen, and nothing is; Redis is as broken as ever. */
  const promised = (): Sketch => {
    const sketch = goodDrill();
    put(sketch.scenario, 'load.logins.impact', 'none');
    for (const record of sketch.records)
      if (record.load === logins && record.kind === kinds.answer) record.outcome = outcomes.ok;
    return sketch;
  };
  test('is judged by itself: the others may fail', () => {
    const result = judgeSketch(promised());
    expect(result.findings.find(({ id }) => id === 'impact/logins')).toMatchObject({
      verdict: 'pass',
      actual: 0,
    });
    expect(result.time.rtaMs).not.toBeNull();
    expect(result.exitCode).toBe(0);
  });
  test('refutes the promise by a single failure', () => {
    const sketch = promised();
    sketch.records.find(
      (record) => record.load === logins && record.kind === kinds.answer && record.invokedMs > at.fault,
    )!.outcome = outcomes.fail;
    expect(findingOf(sketch, 'impact/logins')).toMatchObject({
      verdict: 'fail',
      actual: 1,
      detail: expect.stringMatching(/^logins failed/) as string,
    });
    expect(judgeSketch(sketch).exitCode).toBe(1);
  });
  test('proves nothing where nobody asked', () => {
    const sketch = promised();
    keep(sketch, (record) => record.load !== logins || record.invokedMs < at.fault);
    expect(findingOf(sketch, 'impact/logins')).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/Too little was asked/) as string,
    });
  });
});

describe('a backup of software alone', () => {
  /**
   * What was restored held no data: the loss is what it is, and no interval of that backup explains or bounds
   * it.
   */
  const ofImage = (): Sketch => {
    const sketch = goodDrill();
    change(sketch, 'schedule.begun', ({ data }) => void (data.holds = 'software'));
    return sketch;
  };
  test('has no part in the worst case of the loss: that is what was observed', () => {
    const { objectives } = judgeSketch(ofImage());
    expect(objectives.find(({ kind }) => kind === 'rpo')).toMatchObject({
      actualMs: 5_039,
      worstMs: 5_039,
      basis: 'measured',
    });
    expect(judgeSketch(goodDrill()).objectives.find(({ kind }) => kind === 'rpo')).toMatchObject({
      worstMs: 300_090,
    });
  });
  test('explains no loss: beyond the RPO it is red, however long the interval', () => {
    const sketch = ofImage();
    put(sketch.strategy, 'components.redis.objectives.rpo', '5s');
    expect(findingOf(sketch, 'rpo/redis')).toMatchObject({ verdict: 'fail' });
  });
  test('must have run on its schedule all the same', () => {
    const sketch = ofImage();
    change(sketch, 'schedule.begun', ({ data }) => void (data.scaledMs = 1_000));
    expect(findingOf(sketch, 'schedule/redis.snapshot')).toMatchObject({ verdict: 'fail' });
  });
});
