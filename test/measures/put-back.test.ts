import { expect, test } from 'vitest';
import { aimLoad, readBack, written } from '../../fixtures/timelines/alter.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { judgeSketch, type Sketch } from './timeline-builder.ts';

const restoredBy = (alter: (sketch: Sketch) => void) => {
  const sketch = goodDrill();
  put(sketch.strategy, 'components.redis.backups.snapshot.method', 'command');
  aimLoad(sketch, 'tokens', 'proxy');
  alter(sketch);
  const found = judgeSketch(sketch).findings.find(({ id }) => id === 'copies/restored/redis')!;
  return [found.verdict, found.detail];
};

test('clients of another component show as well that a script did nothing', () => {
  expect(restoredBy(() => undefined)).toEqual(['pass', expect.any(String)]);
  const [verdict, detail] = restoredBy((sketch) => {
    for (const id of [8_000_000, 8_000_001])
      sketch.records.push(written(id, 18_000, `token ${id}`), readBack(id, `token ${id}`));
  });
  expect(verdict).toBe('inconclusive');
  expect(detail).toMatch(/until 2\.9 s after it had become durable.*is not what was restored/);
});
