import { describe, expect, test } from 'vitest';
import { kinds } from '../../core/ledger.ts';
import { MusterError } from '../../core/errors.ts';
import type { Measure } from '../../core/measure.ts';
import { resultSchema } from '../../core/result.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { at, goodDrill, logins } from '../../fixtures/timelines/good-drill.ts';
import { otherWays } from '../../fixtures/timelines/index.ts';
import { finding } from '../../measures/finding.ts';
import { measures } from '../../measures/index.ts';
import { judge } from '../../measures/judge.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import { change, drop, judgeSketch, keep, seal, type Sketch } from './timeline-builder.ts';

const only = (judged: Partial<Parameters<typeof finding>[0]>): Record<string, Measure> => ({
  only: {
    about: '',
    judge: () => [
      finding({
        id: 'only',
        title: 'only',
        verdict: 'pass',
        detail: 'So it says.',
        evidence: [0],
        ...judged,
      }),
    ],
  },
});

describe('no measure can pass what is not proven', () => {
  test.each<[string, Record<string, Measure>, string, RegExp]>([
    ['proven', only({}), 'pass', /So it says\./],
    ['no evidence', only({ evidence: [] }), 'inconclusive', /no event proves it/],
    [
      'evidence that is not on the timeline',
      only({ evidence: [0, 99_999] }),
      'inconclusive',
      /not on the timeline/,
    ],
    ['an objective without a figure', only({ objective: 5 }), 'inconclusive', /no figure/],
    ['a figure that is none', only({ objective: 5, actual: NaN }), 'inconclusive', /no figure/],
    ['a failure needs no proof', only({ verdict: 'fail', evidence: [] }), 'fail', /So it says\./],
    [
      'a measure that breaks',
      {
        only: {
          about: '',
          judge: () => {
            throw new TypeError('x is undefined');
          },
        },
      },
      'inconclusive',
      /The measure broke: x is undefined/,
    ],
  ])('%s: %s', (_name, some, verdict, says) => {
    const result = judgeSketch(goodDrill(), some);
    expect(result).toMatchObject({
      verdict,
      findings: [{ verdict, detail: expect.stringMatching(says) as string }],
    });
  });

  test('no measure at all', () =>
    expect(judgeSketch(goodDrill(), {})).toMatchObject({ verdict: 'inconclusive', exitCode: 2 }));
  test('two findings of one name are told apart', () => {
    const twice = { a: only({})['only']!, b: only({ verdict: 'fail' })['only']! };
    expect(judgeSketch(goodDrill(), twice).findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['only', 'pass'],
      ['only/2', 'fail'],
    ]);
  });
});

describe('a drill that did not run to its end never passes, and has a valid result', () => {
  const endWith =
    (outcome: 'refused' | 'aborted' | 'interrupted', error?: string) =>
    (sketch: Sketch): void =>
      change(sketch, 'drill.ended', ({ data }) => void Object.assign(data, { outcome, error }));
  test.each<[string, (sketch: Sketch) => void, number, RegExp]>([
    ['refused', endWith('refused', 'no such store'), 2, /refused: no such store/],
    ['aborted', endWith('aborted', 'Docker went away'), 2, /aborted: Docker went away/],
    ['interrupted', endWith('interrupted'), 130, /interrupted: no reason was given/],
    ['killed', (sketch) => drop(sketch, 'drill.ended'), 2, /did not live to end/],
  ])('%s', (_name, spoil, exitCode, says) => {
    const sketch = goodDrill();
    spoil(sketch);
    const result = judgeSketch(sketch);
    expect(result).toMatchObject({ verdict: 'inconclusive', exitCode });
    expect(result.findings[0]).toMatchObject({
      id: 'drill/completed',
      detail: expect.stringMatching(says) as string,
    });
    expect(resultSchema.safeParse(result).error).toBeUndefined();
  });

  test('whatever its measures say', () => {
    const sketch = goodDrill();
    endWith('interrupted')(sketch);
    expect(judgeSketch(sketch, only({})).verdict).toBe('inconclusive');
    expect(judgeSketch(sketch, {}).verdict).toBe('inconclusive');
  });

  test('cut off after any of its events: valid, and no pass', () => {
    const { events, source } = seal(goodDrill());
    for (let length = 1; length < events.length; length += 1) {
      const result = judge({ events: events.slice(0, length), ledger: null, measures });
      expect(resultSchema.safeParse(result).error, `after ${length}`).toBeUndefined();
      expect(result.verdict, `after ${length}`).not.toBe('pass');
    }
    expect(source.records).toBeGreaterThan(0);
  });

  test('what was not measured is null, not 0', () => {
    const { events } = seal(goodDrill());
    const result = judge({ events: events.slice(0, 3), ledger: null, measures });
    expect(result.time).toEqual(
      Object.fromEntries(
        Object.keys(result.time).map((key) => [
          key,
          key === 'derivedDetectionMs' ? 90_000 : key === 'declaredPeopleMs' ? 60_000 : null,
        ]),
      ),
    );
    expect(result).toMatchObject({
      data: { rpaMs: null, rpaAtMostMs: null, worstRpaMs: null, newestSurvivorMs: null },
      unavailableSeconds: null,
      waterfall: [],
      series: [],
    });
  });

  test('not a timeline', () =>
    expect(() => judge({ events: [], ledger: null, measures })).toThrow(MusterError));
});

test('figures of the good drill, counted by hand', () => {
  const { time, data, loads, unavailableSeconds } = judgeSketch(goodDrill());
  expect(time).toMatchObject({
    faultMs: 20_050,
    impactMs: 20_051,
    correctMs: 23_005,
    rtaMs: 2_955,
    outageMs: 2_954,
    restoreOnlyMs: 1_100,
    resolutionMs: 50,
    derivedDetectionMs: 90_000,
    declaredPeopleMs: 60_000,
    worstRtaMs: 152_955,
  });
  expect(data).toEqual({
    rpaMs: 20_050 - 15_011,
    rpaAtMostMs: 20_050 - 15_001,
    worstRpaMs: 300_090,
    newestSurvivorMs: 15_001,
  });
  expect(loads[0]).toMatchObject({
    load: 'tokens',
    wrong: 0,
    holes: 0,
    lostAfterFault: 0,
    classes: { stale: 0, torn: 0 },
  });
  expect(unavailableSeconds).toBe(3);
});

test.each(otherWays)('passes: $name', ({ alter, shows, is }) => {
  const sketch = goodDrill();
  alter(sketch);
  const result = judgeSketch(sketch);
  expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
  expect(shows?.(result)).toEqual(is);
});

test('a restore that brought nothing back is not held against the schedule as well', () => {
  const sketch = goodDrill();
  const before = new Set(
    sketch.records
      .filter(({ kind, load, invokedMs }) => kind === kinds.write && load !== logins && invokedMs < at.fault)
      .map(({ id }) => id),
  );
  keep(sketch, ({ kind, load, id }) => kind !== kinds.readback || load === logins || !before.has(id));
  const { findings, exitCode } = judgeSketch(sketch);
  expect(findings.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toContain('rpo/redis');
  expect(findings.find(({ id }) => id === 'schedule/redis.snapshot')).toMatchObject({ verdict: 'pass' });
  expect(exitCode).toBe(1);
});

test('without a witness nothing about the recovery earns points', () => {
  const sketch = goodDrill();
  drop(sketch, 'fault.witnessed');
  const { findings, score, exitCode } = judgeSketch(sketch);
  expect(
    findings.filter(({ verdict, weight }) => verdict === 'pass' && weight > 0).map(({ id }) => id),
  ).toEqual(['schedule/redis.snapshot', 'backups/redis.snapshot']);
  expect(score.low).toBeLessThan(score.high);
  expect(exitCode).toBe(2);
});

test.each([
  ['seen', 'fail'],
  ['not seen', 'inconclusive'],
] as const)(
  'clients that notice a recovery, where the fault was %s, are promised away: %s',
  (fault, verdict) => {
    const sketch = goodDrill();
    put(sketch.scenario, 'impact', 'none');
    if (fault === 'not seen') drop(sketch, 'fault.witnessed');
    expect(judgeSketch(sketch).findings.find(({ id }) => id === 'impact/none')).toMatchObject({ verdict });
  },
);

test('a restore that failed is not held against the schedule as well', () => {
  const sketch = goodDrill();
  change(sketch, 'recovery.ended', ({ data }) => void Object.assign(data, { ok: false, error: 'refused' }));
  keep(sketch, (record) => record.kind !== kinds.readback || record.load === logins);
  expect(judgeSketch(sketch).findings.find(({ id }) => id === 'schedule/redis.snapshot')).toMatchObject({
    verdict: 'pass',
  });
});

test('of a damaged ledger no counts of data are told', () => {
  const { events, source } = seal(goodDrill());
  const result = judge({
    events,
    ledger: { ...analyseLedger(source, events), damage: 'ledger.bin is altered' },
    measures,
  });
  expect(result).toMatchObject({
    verdict: 'inconclusive',
    data: { rpaMs: null },
    time: { rtaMs: null },
    loads: [{ classes: null, acknowledged: null }, { classes: null }],
  });
});

test('judging again gives the same', () => {
  const { events, source } = seal(goodDrill());
  const ledgerless = judge({ events, ledger: null, measures });
  expect(judgeSketch(goodDrill())).toEqual(judgeSketch(goodDrill()));
  expect(ledgerless.verdict).toBe('inconclusive');
  expect(source.records).toBeGreaterThan(0);
});

test("a figure of the result follows the clients, not the server's own word", () => {
  const sketch = goodDrill();
  drop(sketch, 'ready');
  expect(judgeSketch(sketch).time).toMatchObject({ readyMs: null, rtaMs: 2_955 });
});
