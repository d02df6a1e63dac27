import { expect, test } from 'vitest';
import { inVain, loseWest } from '../../fixtures/timelines/bad-region.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import type { Finding } from '../../core/verdict.ts';
import { add, change, judgeSketch, type Sketch } from './timeline-builder.ts';

const regionOf = (sketch: Sketch): Finding[] =>
  judgeSketch(sketch).findings.filter(({ id }) => id.startsWith('region/'));
const lostWith = (connections: typeof inVain): Sketch => {
  const sketch = goodDrill();
  loseWest(sketch, connections);
  return sketch;
};

test('what was tried in vain is listed and fails nothing, fencing from outside least of all', () => {
  expect(regionOf(lostWith(inVain))).toMatchObject([
    {
      id: 'region/west',
      verdict: 'pass',
      actual: 0,
      objective: 0,
      detail:
        '3 ways to it were tried, none got anything of it: toxiproxy to redis:6379, 12 times, vanished; Muster: exec of redis, which failed 2 times; Muster: stop of redis from outside, once. Lost as blackhole: redis, proxy, store volume.',
    },
  ]);
});

test('what a store took from a backup that was cut off is listed, and is nothing that was read', () => {
  const [found] = regionOf(
    lostWith({
      attempts: [],
      accesses: [{ of: 'store near', what: 'remove', kind: 'other', ok: 2, failed: 0, firstAtMs: 21_000 }],
    }),
  );
  expect(found).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(
      /^1 way to it was tried, none got anything of it: Muster: remove of store near, 2 times, and nothing was read/,
    ) as string,
  });
});

test('nothing tried is nothing used', () => {
  expect(regionOf(lostWith({ attempts: [], accesses: [] }))).toMatchObject([
    { verdict: 'pass', detail: expect.stringMatching(/^Nothing reached for it\./) as string },
  ]);
});

test('a long list is cut, and says how much is missing', () => {
  const attempts = Array.from({ length: 20 }, (_, i) => ({
    from: `client-${i}`,
    service: 'redis',
    port: 6379,
    count: 1,
    outcome: 'refused' as const,
  }));
  expect(regionOf(lostWith({ attempts, accesses: [] }))[0]!.detail).toMatch(
    /client-11 to redis:6379, once, refused; and 8 more\./,
  );
});

test('a region that is lost twice is judged twice', () => {
  const sketch = lostWith(inVain);
  add(sketch, 28_070, 'region.lost', {
    of: 'fault-1',
    region: 'west',
    how: 'dead',
    services: ['redis'],
    stores: [],
  });
  add(sketch, 28_080, 'region.connections', {
    region: 'west',
    attempts: [],
    accesses: [{ of: 'redis', what: 'exec', kind: 'read', ok: 1, failed: 0, firstAtMs: 28_075 }],
  });
  expect(regionOf(sketch).map(({ id, verdict }) => [id, verdict])).toEqual([
    ['region/west', 'pass'],
    ['region/west/2', 'fail'],
  ]);
});

test('components of a region are judged as broken ones; the region itself is no component', () => {
  const sketch = lostWith(inVain);
  const before = judgeSketch(goodDrill()).objectives;
  change(sketch, 'fault.begun', ({ data }) =>
    Object.assign(data, {
      fault: 'region-lost',
      target: 'redis-region',
      on: 'region',
      components: ['redis'],
    }),
  );
  change(sketch, 'fault.witnessed', ({ data }) =>
    Object.assign(data, { fault: 'region-lost', target: 'redis-region' }),
  );
  expect(judgeSketch(sketch).objectives).toEqual(before);
  change(sketch, 'fault.begun', ({ data }) => Object.assign(data, { components: ['redis', 'mysql'] }));
  const judged = (): string[] =>
    judgeSketch(sketch).objectives.map(({ component, kind }) => `${component}/${kind}`);
  expect(judged()).toEqual(expect.arrayContaining(['mysql/rpo', 'redis/rto', 'redis/rpo']));
  // Nobody asked it: that is said, and counted for nothing.
  expect(judged()).not.toContain('mysql/rto');
  expect(judgeSketch(sketch).limitations).toContainEqual(
    expect.stringMatching(/^Broken, and nobody asked.*: mysql\.$/),
  );
  add(sketch, 24_000, 'ready', { component: 'mysql' });
  expect(judged()).toContain('mysql/rto');
});

test('what was so beforehand is not time zero, nor is its target judged', () => {
  const plain = judgeSketch(goodDrill());
  const sketch = goodDrill();
  sketch.scenario['fault'] = [{ crash: 'mysql', at: '+1s', beforehand: true }, sketch.scenario['fault']];
  add(sketch, 12_000, 'fault.begun', { fault: 'crash', target: 'mysql', params: {}, beforehand: true });
  add(sketch, 12_010, 'fault.witnessed', { fault: 'crash', target: 'mysql', proof: 'it is gone', facts: {} });
  const { time, objectives } = judgeSketch(sketch);
  expect([time, objectives]).toEqual([plain.time, plain.objectives]);
  change(sketch, 'fault.begun', ({ data }) => void delete data.beforehand);
  expect(judgeSketch(sketch).time.faultMs).toBe(12_000);
});
