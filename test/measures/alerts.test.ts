import { describe, expect, test } from 'vitest';
import { flagContinues, kinds, outcomes } from '../../core/ledger.ts';
import { at, goodDrill, logins } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import type { DrillResult } from '../../core/result.ts';
import { change, judgeSketch, type Sketch } from './timeline-builder.ts';

const judged = (spoil: (sketch: Sketch) => void = () => undefined): DrillResult => {
  const sketch = goodDrill();
  spoil(sketch);
  return judgeSketch(sketch);
};
const alertOf = (result: DrillResult, name: string) => result.alerts.find(({ alert }) => alert === name)!;
const automatically = (sketch: Sketch): void =>
  change(sketch, 'recovery.begun', ({ data }) => void (data.automatic = true));

test('an alert fires when its window holds enough of the outage, and clears when it has passed', () => {
  const { firedMs, clearedMs, falseAlarmMs, component, state, basis } = alertOf(judged(), 'errors');
  expect({ falseAlarmMs, component, state }).toEqual({
    falseAlarmMs: null,
    component: 'redis',
    state: 'fired',
  });
  // A twentieth of 20 s is one second of failing.
  expect(firedMs! - at.fault).toBeGreaterThan(500);
  expect(firedMs! - at.fault).toBeLessThan(1_700);
  expect(clearedMs! - at.correct).toBeGreaterThan(15_000);
  expect(clearedMs! - at.correct).toBeLessThan(20_000);
  expect(basis).toMatch(/^derived: 11\.\d s of the window of 20s observed/);
});

test('what is slow for the one alert is not for the other: response times are counted exactly', () => {
  const slowly = (durationMs: number) =>
    judged((sketch) => {
      for (const record of sketch.records)
        if (record.load === logins && record.invokedMs >= at.correct && record.kind === kinds.answer)
          record.durationMs = durationMs;
      put(sketch.strategy, 'alerts.slow.over', '3s');
      automatically(sketch);
    });
  expect(alertOf(slowly(2_001), 'slow')).toMatchObject({ state: 'fired', component: 'proxy' });
  expect(alertOf(slowly(1_999), 'slow')).toMatchObject({ state: 'silent' });
});

test('what is slow once somebody has acted is no news of what was broken', () => {
  const { state, firedMs, detail } = alertOf(
    judged((sketch) => {
      for (const record of sketch.records)
        if (record.load === logins && record.invokedMs >= at.correct && record.kind === kinds.answer)
          record.durationMs = 2_001;
      put(sketch.strategy, 'alerts.slow.over', '3s');
      put(sketch.strategy, 'alerts.slow.of', 'proxy');
    }),
    'slow',
  );
  expect({ state, firedMs }).toEqual({ state: 'silent', firedMs: null });
  expect(detail).toMatch(/^It says nothing of what was broken: it fired only once the recovery had begun/);
});

describe('of calls that write many rows at a time', () => {
  /** The second row of each pair `rows - 1` times, of the same call or as calls of their own. */
  const wide = (rows: number, flags: number, which: (outcome: number) => boolean) =>
    alertOf(
      judged((sketch) => {
        sketch.records = sketch.records.flatMap((record) => {
          const isSecond = record.kind === kinds.write && record.id === record.group + 1;
          if (!isSecond) return [record];
          const times = which(record.outcome) ? rows - 1 : 1;
          return Array.from({ length: times }, () => ({ ...record, flags }));
        });
      }),
      'errors',
    );
  const failed = (outcome: number): boolean => outcome !== outcomes.ok;
  const right = (outcome: number): boolean => outcome === outcomes.ok;

  test.each([
    ['fail', failed],
    ['are answered', right],
  ])('where they %s, each counts once: the alert fires and clears as it did', (_name, which) => {
    expect(wide(16, flagContinues, which)).toEqual(wide(2, flagContinues, which));
    // As calls of their own they would move it.
    expect(wide(16, 0, which).firedMs).not.toBe(wide(2, 0, which).firedMs);
  });
});

describe("the strategy's own health check", () => {
  const probed = (sketch: Sketch): void => change(sketch, 'detected', ({ data }) => void (data.by = 'probe'));
  test.each<[string, (sketch: Sketch) => void, object]>([
    [
      'is derived from its settings where a probe saw the outage',
      probed,
      { state: 'fired', firedMs: at.fault + 90_000 },
    ],
    ['is not known where a client noticed first', () => undefined, { state: 'unknown', firedMs: null }],
    [
      'is silent on an outage that ends by itself too soon',
      (sketch) => {
        probed(sketch);
        automatically(sketch);
      },
      { state: 'silent', firedMs: null },
    ],
    [
      'depends on the moment in between',
      (sketch) => {
        probed(sketch);
        automatically(sketch);
        put(sketch.strategy, 'detection.healthCheck.every', '1200ms');
      },
      { state: 'unknown' },
    ],
    [
      'is certain when the outage outlasts every phase of it',
      (sketch) => {
        probed(sketch);
        automatically(sketch);
        put(sketch.strategy, 'detection.healthCheck.every', '900ms');
      },
      { state: 'fired', firedMs: at.fault + 2_700 },
    ],
  ])('%s', (_name, spoil, row) => expect(alertOf(judged(spoil), 'health-check')).toMatchObject(row));
});

test('where clients feel only the repair, no alert is said to have noticed the fault', () => {
  const result = judged((sketch) => {
    for (const record of sketch.records)
      if (record.invokedMs >= at.fault && record.invokedMs < at.recovery && record.outcome !== outcomes.ok)
        record.outcome = outcomes.ok;
    for (const record of sketch.records)
      if (record.kind === kinds.read && record.invokedMs >= at.fault && record.invokedMs < at.recovery)
        record.kind = kinds.answer;
  });
  expect(result.time.impactMs).toBeGreaterThanOrEqual(at.recovery);
  expect(result.findings.find(({ id }) => id === 'alerts/noticed')).toBeUndefined();
  expect(result.limitations).toContain(
    'Clients felt nothing of the fault before the recovery was begun: no alert on what they see would have told anybody of it.',
  );
  expect(judged().limitations.some((limit) => limit.startsWith('Clients felt nothing'))).toBe(false);
});

test("a blip that ends by itself is no alert's business, and it is said that none fired", () => {
  const result = judged((sketch) => {
    automatically(sketch);
    put(sketch.strategy, 'alerts', { errors: { when: 'error-rate', above: '50%', over: '1m' } });
  });
  expect(result.findings.find(({ id }) => id === 'alerts/noticed')).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(
      /^No alert would have fired\. The outage of 3\.0 s was shorter than every window/,
    ),
  });
});

test('the error budget: time by the share that failed, and what real life adds', () => {
  const { errorBudget } = judged();
  expect(errorBudget).toMatchObject({
    target: 0.999,
    budgetMs: 2_592_000,
    delayMs: 150_000,
    load: expect.any(String),
  });
  expect(errorBudget!.badMs).toBeGreaterThan(2_600);
  expect(errorBudget!.badMs).toBeLessThan(3_300);
  expect(errorBudget!.burnt).toBeCloseTo(errorBudget!.badMs! / 2_592_000, 9);
  expect(errorBudget!.worstBurnt).toBeCloseTo((errorBudget!.badMs! + 150_000) / 2_592_000, 9);
  expect(judged(automatically).errorBudget).toMatchObject({ delayMs: 0 });
  expect(judged((sketch) => put(sketch.strategy, 'slo', undefined)).errorBudget).toBeNull();
});

test('slow answers make a second unavailable, where the strategy says what slow is', () => {
  const slow = (sketch: Sketch): void => {
    for (const record of sketch.records)
      if (record.load === logins && record.kind === kinds.answer && record.invokedMs >= at.correct)
        record.durationMs = 2_100;
  };
  const without = judged((sketch) => {
    slow(sketch);
    put(sketch.strategy, 'slo', undefined);
  });
  const withIt = judged(slow);
  expect(withIt.unavailableSeconds!).toBeGreaterThan(without.unavailableSeconds!);
  expect(without.series[logins]!.slow).toBeNull();
  expect(withIt.series[logins]!.slow!.reduce((a, b) => a + b, 0)).toBeGreaterThan(20);
  expect(withIt.series[logins]!.p99Ms.some((ms) => ms !== null && ms >= 2_100)).toBe(true);
});

test('a bundle from before there were alerts is judged as ever', () => {
  const result = judged((sketch) => {
    put(sketch.strategy, 'alerts', undefined);
    put(sketch.strategy, 'slo', undefined);
  });
  expect(result).toMatchObject({ alerts: [], errorBudget: null, verdict: 'pass' });
});
