import { describe, expect, test } from 'vitest';
import { kinds, outcomes } from '../../core/ledger.ts';
import { MusterError } from '../../core/errors.ts';
import type { Measure } from '../../core/measure.ts';
import { resultSchema } from '../../core/result.ts';
import type { EventData } from '../../core/timeline.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { at, goodDrill, logins, tokens } from '../../fixtures/timelines/good-drill.ts';
import { otherWays } from '../../fixtures/timelines/index.ts';
import { finding } from '../../measures/finding.ts';
import { measures } from '../../measures/index.ts';
import { judge } from '../../measures/judge.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import { add, change, drop, judgeSketch, keep, seal, type Sketch } from './timeline-builder.ts';

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

describe('what was never asked is no pass', () => {
  const passesOf = (spoil: (sketch: Sketch) => void): string[] => {
    const sketch = goodDrill();
    spoil(sketch);
    return judgeSketch(sketch)
      .findings.filter(({ id, verdict }) => id.startsWith('integrity/') && verdict === 'pass')
      .map(({ id }) => id);
  };
  const isTokens = ({ load, kind }: { load: number; kind: number }, ...some: number[]): boolean =>
    load === tokens && some.includes(kind);

  test('of a store from which nothing at all is read back, nothing is known', () => {
    expect(
      passesOf((sketch) => keep(sketch, (record) => !isTokens(record, kinds.readback))).filter((id) =>
        id.startsWith('integrity/tokens'),
      ),
    ).toEqual([]);
  });
  test('journeys that ask only for what they remember find nothing else, and nothing twice', () => {
    const asked = (spoil: (sketch: Sketch) => void): string[] =>
      passesOf(spoil).filter((id) => id.startsWith('integrity/logins/'));
    expect(asked(() => undefined)).toContain('integrity/logins/resurrected');
    for (const rule of ['phantom', 'corrupt', 'duplicated', 'torn'])
      expect(asked(() => undefined)).not.toContain(`integrity/logins/${rule}`);
  });
  test('nothing is found twice by a reader that gives each id once', () => {
    const distinct = (sketch: Sketch): void =>
      change(sketch, 'load.begun', ({ data }) => void (data.distinct = true));
    expect(passesOf(() => undefined)).toContain('integrity/tokens/duplicated');
    expect(passesOf(distinct)).not.toContain('integrity/tokens/duplicated');
    const sketch = goodDrill();
    distinct(sketch);
    expect(judgeSketch(sketch).limits).toContainEqual(
      expect.stringMatching(/^Not put to the test by tokens: duplicated/),
    );
  });
  test('nothing is torn where nothing was written together', () => {
    expect(passesOf(() => undefined)).toContain('integrity/tokens/torn');
    expect(
      passesOf((sketch) => sketch.records.forEach((record) => void (record.group = record.id))),
    ).not.toContain('integrity/tokens/torn');
  });
  test('a recovery without steps of its own earns nothing', () => {
    const sketch = goodDrill();
    put(sketch.scenario, 'recover', 'automatic');
    change(sketch, 'recovery.begun', ({ data }) => void (data.automatic = true));
    const { findings, score } = judgeSketch(sketch);
    expect(findings.find(({ id }) => id === 'recovery')).toMatchObject({
      verdict: 'pass',
      weight: 0,
      detail: expect.stringMatching(/earns nothing/) as string,
    });
    expect(score.points.map(({ finding: id }) => id)).not.toContain('recovery');
  });
  test('nothing can have come back where nothing failed and nothing was removed', () => {
    expect(passesOf(() => undefined)).toContain('integrity/tokens/resurrected');
    const unharmed = passesOf((sketch) => {
      for (const record of sketch.records)
        if (isTokens(record, kinds.write, kinds.remove) && record.outcome === outcomes.fail)
          record.outcome = outcomes.unknown;
    });
    expect(unharmed).not.toContain('integrity/tokens/resurrected');
    expect(unharmed).toContain('integrity/tokens/phantom');
    expect(
      passesOf((sketch) =>
        keep(sketch, (record) => !(record.load === logins && record.kind === kinds.remove)),
      ),
    ).not.toContain('integrity/logins/resurrected');
  });
});

describe('a schedule that Muster itself kept waiting', () => {
  const verdictOf = (spoil: (sketch: Sketch) => void): string => {
    const sketch = goodDrill();
    spoil(sketch);
    const { verdict, detail } = judgeSketch(sketch).findings.find(
      ({ id }) => id === 'schedule/redis.snapshot',
    )!;
    return `${verdict}: ${detail}`;
  };
  /** The newest point is a second older than the interval explains. */
  const late =
    (lateMs?: number) =>
    (sketch: Sketch): void => {
      for (const type of ['backup.begun', 'backup.durable'] as const)
        change(
          sketch,
          type,
          (event) => void (event.atMs -= 1_000),
          ({ point }) => point === 'p2',
        );
      change(
        sketch,
        'backup.durable',
        ({ data }) => void (data.consistentAtMs -= 1_000),
        ({ point }) => point === 'p2',
      );
      change(
        sketch,
        'backup.begun',
        ({ data }) => void Object.assign(data, { lateMs }),
        ({ point }) => point === 'p3',
      );
    };
  test('is not held against it, by as much as was measured', () => {
    expect(verdictOf(late())).toMatch(/^fail: .* not explained by .*, and 500 ms for the scheduler/);
    expect(verdictOf(late(600))).toMatch(/^fail: /);
    expect(verdictOf(late(1_000))).toMatch(/^pass: .* explained by .*, and 1\.0 s for the scheduler/);
  });
  test('and by no more than one interval: a run that was left out still shows', () => {
    expect(
      verdictOf((sketch) => {
        drop(sketch, 'backup.begun', ({ point }) => point === 'p2');
        drop(sketch, 'backup.durable', ({ point }) => point === 'p2');
        change(
          sketch,
          'backup.begun',
          ({ data }) => void Object.assign(data, { lateMs: 0 }),
          ({ point }) => point === 'p3',
        );
      }),
    ).toMatch(/^fail: /);
  });
  test('and the backup that the fault met explains as much as it took, unless it hung', () => {
    const longer =
      (ends: boolean) =>
      (sketch: Sketch): void => {
        drop(sketch, 'backup.begun', ({ point }) => point === 'p1');
        drop(sketch, 'backup.durable', ({ point }) => point === 'p1');
        for (const type of ['backup.begun', 'backup.durable'] as const)
          change(
            sketch,
            type,
            (event) => void (event.atMs -= 5_000),
            ({ point }) => point === 'p2',
          );
        change(
          sketch,
          'backup.durable',
          ({ data }) => void (data.consistentAtMs -= 5_000),
          ({ point }) => point === 'p2',
        );
        change(
          sketch,
          'backup.begun',
          (event) => void (event.atMs -= 5_100),
          ({ point }) => point === 'p3',
        );
        if (!ends) return;
        const { backup, copies, position } = sketch.events.find((event) => event.type === 'backup.durable')!
          .data as EventData['backup.durable'];
        drop(sketch, 'backup.failed');
        add(sketch, at.fault + 40, 'backup.durable', {
          backup,
          point: 'p3',
          consistentAtMs: 14_950,
          manifestSha256: '1'.repeat(64),
          copies,
          plainBytes: 4096,
          storedBytes: 1024,
          position,
        });
      };
    expect(verdictOf(longer(true))).toMatch(
      /^pass: 10\.0 s.* explained by 5\.0 s .* \+ 5\.2 s to become durable/,
    );
    expect(verdictOf(longer(false))).toMatch(/^fail: 10\.0 s/);
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
