import { expect, test } from 'vitest';
import { aimLoad, loseAll, readBack, written } from '../../fixtures/timelines/alter.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { add, change, judgeSketch, type Sketch } from './timeline-builder.ts';

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

test('a point is held against what is there though something else had broken before it was made', () => {
  const broken = (target: string, lost: boolean) => {
    const sketch = goodDrill();
    put(sketch.strategy, 'components.redis.backups.snapshot.method', 'command');
    change(sketch, 'fault.begun', ({ data }) => void (data.losesData = true));
    put(sketch.scenario, 'fault', [{ crash: target }, { 'wipe-volume': 'redis' }]);
    add(sketch, 12_000, 'fault.begun', { fault: 'crash', target, params: {} });
    add(sketch, 12_050, 'fault.witnessed', { fault: 'crash', target, proof: 'seen', facts: {} });
    if (lost) loseAll(sketch, 14_700);
    return judgeSketch(sketch).findings.find(({ id }) => id === 'copies/restored/redis')!;
  };
  expect(broken('proxy', true)).toMatchObject({
    verdict: 'fail',
    detail: expect.stringContaining('holds less than what was restored'),
  });
  expect(broken('proxy', false).detail).not.toContain('holds less');
  // What this one took may be in no point that came after it.
  expect(broken('redis', true).detail).not.toContain('holds less');
});
