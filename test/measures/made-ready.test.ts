import { expect, test } from 'vitest';
import { at, goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { add, judgeSketch } from './timeline-builder.ts';

test('what a restore began with is among the limits, with how it was timed', () => {
  const sketch = goodDrill();
  add(sketch, at.recovery + 600, 'restore.beganWith', {
    of: 'redis',
    what: 'an empty data folder',
    sha256: 'a'.repeat(64),
    madeInMs: 3_400,
    madeAt: '2026-11-01T00:00:00Z',
    timedBy: 'a clock',
  });
  expect(judgeSketch(sketch).limitations).toContain(
    'The restore of redis began with an empty data folder that was ready before anything was broken: a real site makes one first. That took 3.4 s when it was made (2026-11-01T00:00:00Z, by a clock); it is added to what is held against the RTO, and is in no other figure.',
  );
  expect(judgeSketch(goodDrill()).limitations.filter((text) => text.startsWith('The restore of'))).toEqual(
    [],
  );
});
