import { expect, test } from 'vitest';
import { at, goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { add, change, drop, judgeSketch, type Sketch } from './timeline-builder.ts';

/**
 * The good drill, with an attempt that broke off in the middle of its restore 500 ms before the good one
 * began.
 */
function secondAttempt(allowed = 2): Sketch {
  const sketch = goodDrill();
  put(sketch.scenario, 'attempts', allowed);
  add(sketch, 20_700, 'recovery.begun', { automatic: false });
  add(sketch, 20_700, 'step.begun', { step: 0, title: 'restore redis from offsite' });
  add(sketch, 20_700, 'stage.begun', { step: 0, stage: 'fetch', what: 'fetch redis' });
  add(sketch, 20_800, 'stage.ended', { step: 0, stage: 'fetch', what: 'fetch redis', ok: true });
  add(sketch, 20_800, 'stage.begun', { step: 0, stage: 'restore', what: 'restore redis' });
  add(sketch, 20_950, 'stage.ended', { step: 0, stage: 'restore', what: 'restore redis', ok: false });
  add(sketch, 20_960, 'step.ended', {
    step: 0,
    title: 'restore redis from offsite',
    ok: false,
    facts: null,
    error: 'the server went away',
  });
  add(sketch, 20_960, 'recovery.ended', {
    ok: false,
    error: 'restore redis from offsite: the server went away',
  });
  return sketch;
}
const recoveryOf = (sketch: Sketch) => judgeSketch(sketch).findings.find(({ id }) => id === 'recovery')!;

test('an attempt that failed before a good one is told, and is no failure of the recovery', () => {
  const result = judgeSketch(secondAttempt());
  expect(recoveryOf(secondAttempt())).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(
      /^2 steps: .*attempt 1 failed \(restore redis from offsite: the server went away\)/,
    ) as string,
  });
  expect(result.verdict).toBe('pass');
});

test('its time counts: recovery began with the first attempt, and the waterfall adds up over both', () => {
  const result = judgeSketch(secondAttempt());
  expect(result.time).toMatchObject({ recoveryBegunMs: 20_700, recoveryEndedMs: 22_800 });
  expect(result.time.rtaMs).toBe(judgeSketch(goodDrill()).time.rtaMs);
  const sum = result.waterfall.reduce((total, { beginMs, endMs }) => total + endMs - beginMs, 0);
  expect(sum).toBeCloseTo(result.time.verifiedMs! - result.time.faultMs!, 6);
  expect(
    result.waterfall.filter(({ stage }) => stage === 'restore').map(({ beginMs, endMs }) => [beginMs, endMs]),
  ).toEqual([
    [20_800, 20_950],
    [21_500, 22_600],
  ]);
});

test('each attempt has its own steps, with their own ends', () => {
  expect(judgeSketch(secondAttempt()).steps).toEqual([
    {
      title: 'restore redis from offsite',
      beginMs: 20_700,
      endMs: 20_960,
      ok: false,
      error: 'the server went away',
      facts: null,
    },
    { title: 'restore redis from offsite', beginMs: 21_000, endMs: 22_600, ok: true, error: null, facts: {} },
    { title: 'invalidate-sessions', beginMs: 22_650, endMs: 22_700, ok: true, error: null, facts: {} },
  ]);
});

test("a step and a stage that an attempt left open end with it, and do not take the next one's", () => {
  const sketch = secondAttempt();
  sketch.events = sketch.events.filter(
    ({ atMs, type }) =>
      !(atMs === 20_960 && type === 'step.ended') && !(atMs === 20_950 && type === 'stage.ended'),
  );
  const result = judgeSketch(sketch);
  expect(result.steps[0]).toMatchObject({ endMs: null, ok: null });
  expect(result.steps[1]).toMatchObject({ endMs: 22_600, ok: true });
  expect(
    result.waterfall.filter(({ stage }) => stage === 'restore').map(({ beginMs, endMs }) => [beginMs, endMs]),
  ).toEqual([
    [20_800, 21_000],
    [21_500, 22_600],
  ]);
});

test.each<[string, (sketch: Sketch) => void, 'fail' | 'inconclusive', RegExp]>([
  [
    'the last attempt failed too',
    (sketch: Sketch) =>
      void Object.assign(
        sketch.events.find(({ type, atMs }) => type === 'step.ended' && atMs === 22_700)!.data,
        { ok: false, error: 'no key' },
      ),
    'fail',
    /invalidate-sessions failed: no key.*attempt 1 failed/,
  ],
  [
    'the last attempt never ended',
    (sketch: Sketch) =>
      void (sketch.events = sketch.events.filter(
        ({ type, atMs }) => type !== 'recovery.ended' || atMs < 21_000,
      )),
    'inconclusive',
    /never ended.*attempt 1 failed/,
  ],
  [
    'a step of the last attempt was left out, though the first attempt had one',
    (sketch: Sketch) =>
      void (sketch.events = sketch.events.filter(
        ({ type, atMs }) => type !== 'step.ended' || atMs !== 22_700,
      )),
    'inconclusive',
    /1 step of 2 never ended/,
  ],
  [
    'more attempts than the scenario allows',
    (sketch: Sketch) => put(sketch.scenario, 'attempts', 1),
    'fail',
    /begun 2 times, and the scenario allows 1 attempt/,
  ],
])('red: %s', (_, spoil, verdict, says) => {
  const sketch = secondAttempt();
  spoil(sketch);
  expect(recoveryOf(sketch)).toMatchObject({
    verdict,
    detail: expect.stringMatching(says) as string,
    gate: true,
  });
});

/** A store named as a component is, broken a second before the component. */
function storeBroken(from = at.fault - 1_000): Sketch {
  const sketch = goodDrill();
  const fault = { fault: 'store-unreachable', target: 'mysql' };
  put(sketch.strategy, 'stores.mysql', { kind: 's3' });
  add(sketch, from, 'fault.begun', { ...fault, params: {}, on: 'store' });
  add(sketch, from + 10, 'fault.injected', { ...fault, facts: {} });
  add(sketch, from + 20, 'fault.witnessed', { ...fault, proof: 'no answer', facts: {} });
  add(sketch, 28_080, 'undo.begun', { of: 'fault-2', undo: 'store-unreachable of mysql' });
  add(sketch, 28_090, 'undo.ended', { undo: 'store-unreachable of mysql', ok: true, healed: true });
  return sketch;
}

test('a store as the target of a fault is taken for no component, even of the same name', () => {
  const [good, result] = [judgeSketch(goodDrill()), judgeSketch(storeBroken())];
  expect(result.objectives).toEqual(good.objectives);
  expect(result.time).toEqual(good.time);
  expect(result.limitations.find((text) => text.startsWith('Not broken'))).toMatch(/mysql/);
  expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(result.faults.map(({ fault, target }) => [fault, target])).toEqual([
    ['store-unreachable', 'mysql'],
    ['wipe-volume', 'redis'],
  ]);
});

test("without `on` the same events are a component's: it is then held against its objectives", () => {
  const sketch = storeBroken();
  for (const event of sketch.events) if (event.type === 'fault.begun') delete event.data.on;
  expect(judgeSketch(sketch).objectives.map(({ component }) => component)).toContain('mysql');
});

test('a backup may fail while its store is broken, and not before', () => {
  const failing = (failedMs: number) => {
    const sketch = storeBroken();
    add(sketch, failedMs, 'backup.failed', {
      backup: 'redis.snapshot',
      point: 'p9',
      error: 'connection refused',
    });
    return judgeSketch(sketch).findings.find(({ id }) => id === 'backups/redis.snapshot')!.verdict;
  };
  expect(failing(at.fault - 500)).toBe('pass');
  expect(failing(at.fault - 1_500)).toBe('fail');
});

test('only the store that gave the recovery point counts as one that was restored from', () => {
  const limits = (from: unknown, gave: string | null) => {
    const sketch = goodDrill();
    put(sketch.scenario, 'recover.0.from', from);
    if (gave === null) drop(sketch, 'point.fetched');
    else change(sketch, 'point.fetched', ({ data }) => void (data.store = gave));
    return judgeSketch(sketch).limitations.find((text) => text.startsWith('Nothing was restored from'));
  };
  expect(limits('offsite', 'offsite')).toMatch(/from volume:/);
  expect(limits(['offsite', 'volume'], 'volume')).toMatch(/from offsite:/);
  expect(limits(['offsite', 'volume'], null)).toMatch(/from volume, offsite:/);
});
