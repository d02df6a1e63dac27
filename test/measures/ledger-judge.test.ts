import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flagContinues, kinds, outcomes, recordBytes, type LedgerRecord } from '../../core/ledger.ts';
import type { LedgerAnalysis } from '../../core/analysis.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import { history, type History } from './history-arbitrary.ts';
import { judgePlainly } from './reference-judge.ts';
import { chain, operation, sourceOf, type Sketch } from './timeline-builder.ts';

const observedMs = 8_000;
/** From the beginning of a recovery to its end. */
const exchangeMs = 400;

function timelineOf({ records, faultMs, recoveryMs, automatic, neverReturn }: History): Sketch['events'] {
  const readbacks = records.filter((record) => record.kind === kinds.readback).length;
  return [
    {
      atMs: 0,
      type: 'load.begun',
      data: {
        load: 'keys',
        index: 0,
        target: 'redis',
        kind: 'data',
        ratePerSecond: 10,
        neverReturn,
        volatile: false,
      },
    },
    { atMs: faultMs, type: 'fault.begun', data: { fault: 'crash', target: 'redis', params: {} } },
    { atMs: recoveryMs, type: 'recovery.begun', data: { automatic } },
    {
      atMs: recoveryMs + exchangeMs,
      type: automatic ? 'ready' : 'recovery.ended',
      data: automatic ? { component: 'redis' } : { ok: true },
    } as Sketch['events'][number],
    { atMs: observedMs, type: 'observation.ended', data: { settled: true } },
    {
      atMs: 9_500,
      type: 'readback.ended',
      data: { load: 'keys', index: 0, complete: true, records: readbacks },
    },
    {
      atMs: 9_600,
      type: 'ledger.chunk',
      data: { offset: 0, bytes: records.length * recordBytes, sha256: '' },
    },
  ];
}

const byCompletion = (records: readonly LedgerRecord[]): LedgerRecord[] =>
  [...records].sort((a, b) => a.invokedMs + a.durationMs - (b.invokedMs + b.durationMs));

function analyse(
  one: History,
  portion?: { records: number; idsPerWindow: number },
  perChunk = 7,
): LedgerAnalysis {
  const records = byCompletion(one.records);
  return analyseLedger(sourceOf(records, perChunk), chain(timelineOf({ ...one, records })), portion);
}

const plainly = (one: History) =>
  judgePlainly(byCompletion(one.records), {
    faultMs: one.faultMs,
    boundaryMs: one.automatic ? one.faultMs : one.recoveryMs,
    recoveredMs: one.recoveryMs + exchangeMs,
    endMs: observedMs,
    neverReturn: one.neverReturn,
  });

describe('the judge and the plain reference agree on random histories', () => {
  test('classes, holes, losses and service', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(history, (one) => {
        const { damage, loads } = analyse(one);
        expect(damage).toBeNull();
        const { data, service } = loads[0]!;
        const reference = plainly(one);
        const found = Object.fromEntries(Object.entries(data!.classes).filter(([, count]) => count > 0));
        for (const name of Object.keys(found)) seen.set(name, (seen.get(name) ?? 0) + 1);
        if (data!.holes > 0) seen.set('hole', (seen.get('hole') ?? 0) + 1);
        if (service.wrong > 0) seen.set('wrong', (seen.get('wrong') ?? 0) + 1);
        if (service.correctMs !== null) seen.set('correct', (seen.get('correct') ?? 0) + 1);
        expect(found).toEqual(reference.classes);
        expect(data!.holes).toBe(reference.holes);
        expect({
          before: data!.lostBeforeFault,
          after: data!.lostAfterFault,
          oldestMs: data!.oldestLostAckMs,
          newestMs: data!.newestLostAckMs,
        }).toEqual(reference.lost);
        expect(service).toMatchObject(reference.service);
      }),
      { numRuns: 3_000, seed: 3 },
    );
    // Agreement on histories in which nothing of a kind happens would prove nothing of it.
    for (const name of [
      'survived',
      'lost',
      'lost-after-recovery',
      'phantom',
      'resurrected',
      'corrupt',
      'stale',
      'duplicated',
      'torn',
      'recovered',
      'hole',
      'wrong',
      'correct',
    ]) {
      expect(seen.get(name), name).toBeGreaterThan(20);
    }
  });

  test('the size of a portion, of a window and of a chunk change nothing', () => {
    fc.assert(
      fc.property(
        history,
        fc.constantFrom(1, 5, 100),
        fc.constantFrom(16, 64, 1024),
        fc.constantFrom(1, 3, 1000),
        (one, records, idsPerWindow, perChunk) => {
          expect(analyse(one, { records, idsPerWindow }, perChunk)).toEqual(analyse(one));
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  test('the order of records that completed at different ids changes no finding', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(1_000)), (one, keys) => {
        const shuffled = [...one.records]
          .map((record) => ({ record, key: keys.next().value! }))
          .sort((a, b) => a.key - b.key || a.record.invokedMs - b.record.invokedMs)
          .map(({ record }) => record);
        const events = chain(timelineOf(one));
        const { data, service } = analyseLedger(sourceOf(shuffled), events).loads[0]!;
        const whole = analyse(one).loads[0]!;
        expect({ holes: data!.holes, lost: data!.classes.lost, oldest: data!.oldestLostAckMs }).toEqual({
          holes: whole.data!.holes,
          lost: whole.data!.classes.lost,
          oldest: whole.data!.oldestLostAckMs,
        });
        expect(service.impactMs).toBe(whole.service.impactMs);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

test('a member that was written or removed alone leaves its group; the others stay one', () => {
  const records = [12, 13, 14, 15].map((id) => operation(0, kinds.write, id, 100, `v${id}`, { group: 12 }));
  records.push(
    operation(0, kinds.write, 13, 200, 'alone'),
    operation(0, kinds.remove, 12, 200, null),
    operation(0, kinds.readback, 15, 9_000, 'v15'),
    operation(0, kinds.readback, 40, 9_000, 'v40'),
  );
  const { data } = analyse({
    records,
    faultMs: 2_000,
    recoveryMs: 3_000,
    automatic: false,
    neverReturn: false,
  }).loads[0]!;
  expect(data).toMatchObject({
    groups: 1,
    classes: { torn: 1, phantom: 1 },
    examples: { torn: [{ id: 12, what: '1 of 2 members show the write of 0.100 s' }] },
  });
});

test.each([
  ['written together before: one shows that write, the other nothing', true, 1, 1],
  ['written in the same moment, but each alone: a snapshot may fall between', false, 1, 0],
])('a pair that was %s', (_name, together, groups, torn) => {
  const write = (id: number, ms: number, group: number): LedgerRecord =>
    operation(0, kinds.write, id, ms, `${id} at ${ms}`, { group });
  const records = [
    write(4, 50, 4),
    write(5, 50, together ? 4 : 5),
    write(4, 100, 4),
    write(5, 100, 4),
    operation(0, kinds.readback, 4, 9_000, '4 at 50'),
  ];
  expect(
    analyse({ records, faultMs: 2_000, recoveryMs: 3_000, automatic: false, neverReturn: false }).loads[0]!
      .data,
  ).toMatchObject({ groups, classes: { torn } });
});

test('groups of which nothing is there put nothing to the test', () => {
  const records = [4, 5].map((id) => operation(0, kinds.write, id, 50, 'x', { group: 4 }));
  expect(
    analyse({ records, faultMs: 2_000, recoveryMs: 3_000, automatic: false, neverReturn: false }).loads[0]!
      .data,
  ).toMatchObject({ groups: 0, classes: { torn: 0, lost: 2 } });
});

test('a snapshot never makes a hole, on whichever side of it concurrent writes fall', () => {
  const write = fc.record({ invokedMs: fc.nat(1_000), durationMs: fc.nat(200), early: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { minLength: 1, maxLength: 40 }), fc.nat(1_200), (writes, snapshotMs) => {
      const records = writes.flatMap(({ invokedMs, durationMs, early }, id) => {
        const acked = invokedMs + durationMs;
        const kept = acked <= snapshotMs || (invokedMs <= snapshotMs && early);
        const wrote = operation(0, kinds.write, id, invokedMs, `v${id}`, { durationMs });
        return kept ? [wrote, operation(0, kinds.readback, id, 9_000, `v${id}`)] : [wrote];
      });
      expect(
        analyse({ records, faultMs: 2_000, recoveryMs: 2_100, automatic: false, neverReturn: false })
          .loads[0]!.data!.holes,
      ).toBe(0);
    }),
    { numRuns: 500, seed: 11 },
  );
});

const loseOne = (lost: Partial<LedgerRecord>, survivor: Partial<LedgerRecord>): number => {
  const records = [
    { ...operation(0, kinds.write, 1, 100, 'a'), ...lost },
    { ...operation(0, kinds.write, 2, 300, 'b'), ...survivor },
    operation(0, kinds.readback, 2, 9_000, 'b'),
  ];
  return analyse({ records, faultMs: 2_000, recoveryMs: 2_100, automatic: false, neverReturn: false })
    .loads[0]!.data!.holes;
};

test.each([
  ['acknowledged before the survivor was invoked', {}, {}, 1],
  ['acknowledged after the survivor was invoked', { durationMs: 250 }, {}, 0],
  ['acknowledged in the moment in which the survivor was invoked', { durationMs: 200 }, {}, 0],
  ['the survivor was written after recovery began', {}, { invokedMs: 2_500 }, 0],
  ['the survivor was acknowledged after recovery began', {}, { durationMs: 1_900 }, 0],
  [
    "the survivor's outcome is unknown: it may have taken effect after recovery",
    {},
    { outcome: outcomes.unknown },
    0,
  ],
  ["the lost one's outcome is unknown", { outcome: outcomes.unknown }, {}, 0],
] as const)('hole: %s', (_name, lost, survivor, holes) => expect(loseOne(lost, survivor)).toBe(holes));

test('hole: the one that ends as the newest survivor begins is none, beside one that is', () => {
  const records = [
    operation(0, kinds.write, 0, 100, 'x'),
    operation(0, kinds.write, 1, 200, 'a', { durationMs: 100 }),
    operation(0, kinds.write, 2, 300, 'b'),
    operation(0, kinds.readback, 2, 9_000, 'b'),
  ];
  expect(
    analyse({ records, faultMs: 2_000, recoveryMs: 2_100, automatic: false, neverReturn: false }).loads[0]!
      .data,
  ).toMatchObject({ holes: 1, examples: { hole: [{ id: 0 }] } });
});

type ReadCase = [
  name: string,
  read: { atMs: number; value: string | null; durationMs?: number },
  wrong: 0 | 1,
];

/** Id 1: `old` written at 100 and lost for good; id 2 is there after the recovery at 3000. */
const reads: ReadCase[] = [
  ['the acknowledged value', { atMs: 500, value: 'old' }, 0],
  ['nothing, though it was acknowledged', { atMs: 500, value: null }, 1],
  ['another value', { atMs: 500, value: 'other' }, 1],
  ['the lost value is gone, before recovery began', { atMs: 2_500, value: null }, 1],
  ['the lost value is gone, after recovery began', { atMs: 3_500, value: null }, 0],
  [
    'the lost value is gone, in an answer that arrived after recovery began',
    { atMs: 2_900, value: null, durationMs: 200 },
    0,
  ],
  ['a wrong value after recovery began', { atMs: 3_500, value: 'other' }, 1],
];

const kept = [operation(0, kinds.write, 2, 50, 'kept'), operation(0, kinds.readback, 2, 9_000, 'kept')];

test('read: nothing, from a store in which nothing of what was there came back, however long after', () => {
  const records = [operation(0, kinds.write, 1, 100, 'old'), operation(0, kinds.read, 1, 7_000, null)];
  expect(
    analyse({ records, faultMs: 2_000, recoveryMs: 3_000, automatic: false, neverReturn: false }).loads[0]!
      .service.wrong,
  ).toBe(1);
});

test('read: what the recovery had brought, while the id was being written again', () => {
  const again = operation(0, kinds.write, 1, 4_000, 'new', { durationMs: 10 });
  const read = (value: string | null, atMs: number) =>
    operation(0, kinds.read, 1, atMs, value, { durationMs: 5 });
  const wrongOf = (...asked: ReturnType<typeof read>[]): number => {
    const records = [
      operation(0, kinds.write, 1, 100, 'old'),
      again,
      ...asked,
      ...kept,
      operation(0, kinds.readback, 1, 9_000, 'new'),
    ];
    return analyse({ records, faultMs: 2_000, recoveryMs: 3_000, automatic: false, neverReturn: false })
      .loads[0]!.service.wrong;
  };
  expect(wrongOf(read(null, 4_002))).toBe(0);
  expect(wrongOf(read(null, 3_998))).toBe(0);
  expect(wrongOf(read('new', 4_001), read(null, 4_002))).toBe(0);
  expect(wrongOf(read('never written', 4_002))).toBe(1);
  expect(wrongOf(read(null, 4_011))).toBe(1);
  // Seen before that write, and it was another: the overlapping read is not believed.
  expect(wrongOf(read('old', 3_500), read(null, 4_002))).toBe(1);
});

test('read: what the recovery had brought, of an id that had been written while it went on', () => {
  const read = (atMs: number): LedgerRecord => operation(0, kinds.read, 1, atMs, 'old');
  const wrongOf = (meanwhileMs: number): number => {
    const written = [
      operation(0, kinds.write, 1, 100, 'old'),
      operation(0, kinds.write, 1, meanwhileMs, 'into what was thrown away'),
      operation(0, kinds.write, 1, 6_000, 'new'),
    ];
    return analyse({
      records: [...written, read(4_000), read(5_000), operation(0, kinds.readback, 1, 9_000, 'new'), ...kept],
      faultMs: 2_000,
      recoveryMs: 3_000,
      automatic: false,
      neverReturn: false,
    }).loads[0]!.service.wrong;
  };
  expect(wrongOf(2_500)).toBe(0);
  expect(wrongOf(3_200)).toBe(0);
  // After the recovery had ended nothing may be lost any more.
  expect(wrongOf(3_500)).toBe(2);
});

test.each(reads)('read: %s', (_name, { atMs, value, durationMs = 1 }, wrong) => {
  const records = [
    operation(0, kinds.write, 1, 100, 'old'),
    operation(0, kinds.read, 1, atMs, value, { durationMs }),
    ...kept,
  ];
  expect(
    analyse({ records, faultMs: 2_000, recoveryMs: 3_000, automatic: false, neverReturn: false }).loads[0]!
      .service.wrong,
  ).toBe(wrong);
});

test('an id written again after recovery: the last read before that shows what the recovery had brought', () => {
  const again = operation(0, kinds.write, 1, 5_000, 'new');
  const shown = operation(0, kinds.readback, 1, 9_000, 'new');
  const read = (atMs: number, value: string | null): LedgerRecord => operation(0, kinds.read, 1, atMs, value);
  const wrongOf = (records: LedgerRecord[]): number =>
    analyse({
      records: [
        operation(0, kinds.write, 1, 100, 'older'),
        operation(0, kinds.write, 1, 200, 'lost'),
        again,
        shown,
        ...records,
      ],
      faultMs: 2_000,
      recoveryMs: 3_000,
      automatic: false,
      neverReturn: false,
    }).loads[0]!.service.wrong;
  expect(wrongOf([read(4_000, 'older')])).toBe(0);
  expect(wrongOf([read(3_100, null), read(4_000, 'older')])).toBe(1);
  expect(wrongOf([read(4_000, 'nobody wrote this')])).toBe(1);
  expect(wrongOf([read(4_000, 'older'), read(6_000, 'older')])).toBe(1);
});

describe('service is restored', () => {
  /** Failing from the fault at 2 s to 3 s, then right answers every `everyMs`. */
  const restored = (everyMs: number, untilMs: number, extra: LedgerRecord[] = []) => {
    const answer = (ms: number, failed: boolean): LedgerRecord =>
      operation(0, kinds.answer, 0, ms, null, failed ? { outcome: outcomes.fail } : {});
    const records = [answer(1_000, false), answer(2_000, true), answer(3_000, true), ...extra];
    for (let ms = 3_100; ms <= untilMs; ms += everyMs) records.push(answer(ms, false));
    return analyse({ records, faultMs: 2_000, recoveryMs: 2_500, automatic: false, neverReturn: false })
      .loads[0]!.service;
  };
  test.each([
    ['2 s and 20 operations later', 100, 5_100, 3_101],
    ['not before 2 s', 10, 5_099, null],
    ['not with 19 operations', 120, 3_100 + 18 * 120, null],
    ['with exactly 20 operations', 120, 3_100 + 19 * 120, 3_101],
  ] as const)('%s', (_name, everyMs, untilMs, correctMs) =>
    expect(restored(everyMs, untilMs).correctMs).toBe(correctMs),
  );

  test('a failure later begins the run anew; the resolution is the gap before it', () => {
    const fail = operation(0, kinds.answer, 0, 4_050, null, { outcome: outcomes.fail });
    expect(restored(100, 7_000, [fail])).toMatchObject({
      impactMs: 2_001,
      correctMs: 4_101,
      correctResolutionMs: 50,
      lastFailureMs: 4_051,
    });
  });
  const late = (invokedMs: number, durationMs: number): LedgerRecord =>
    operation(0, kinds.answer, 0, invokedMs, null, { outcome: outcomes.unknown, durationMs });
  test('what was asked for while it was observed counts, whenever it failed', () => {
    expect(restored(100, 7_000, [late(observedMs - 1, 2)])).toMatchObject({
      correctMs: null,
      unknown: 1,
      lastFailureMs: observedMs + 1,
    });
    expect(restored(100, 7_000, [late(3_200, 30_000)])).toMatchObject({ correctMs: null, unknown: 1 });
  });
  test("what was asked for in the outage is the outage's, however long its client waited", () =>
    expect(restored(100, 7_000, [late(2_500, 30_000)])).toMatchObject({ correctMs: 3_101, unknown: 0 }));
  test("what was asked for when nobody watched any more is nobody's failure", () =>
    expect(restored(100, 7_000, [late(observedMs + 1, 2)])).toMatchObject({ correctMs: 3_101, unknown: 0 }));
  test('nothing else had failed: what hangs from the fault on is felt all the same', () => {
    const records = [
      operation(0, kinds.answer, 0, 1_000, null),
      late(2_100, 10_000),
      operation(0, kinds.answer, 0, 3_000, null),
    ];
    expect(
      analyse({ records, faultMs: 2_000, recoveryMs: 2_500, automatic: false, neverReturn: false }).loads[0]!
        .service,
    ).toMatchObject({ impactMs: 12_100, correctMs: null });
  });
  test('a call that wrote sixteen rows is one operation', () => {
    const rows = Array.from({ length: 16 }, (_, i) =>
      operation(0, kinds.write, i, 500, `v${i}`, { group: 0, flags: i === 0 ? 0 : flagContinues }),
    );
    expect(
      analyse({ records: rows, faultMs: 2_000, recoveryMs: 2_500, automatic: false, neverReturn: false })
        .loads[0]!.service,
    ).toMatchObject({ operations: 1, right: 1, writesBeforeFault: 1 });
  });
});

describe('a ledger that cannot be is damaged, and nothing is said of its data', () => {
  const good: History = {
    records: [operation(0, kinds.write, 1, 100, 'a'), operation(0, kinds.readback, 1, 9_000, 'a')],
    faultMs: 2_000,
    recoveryMs: 3_000,
    automatic: false,
    neverReturn: false,
  };
  const spoilt: [string, RegExp, (record: LedgerRecord) => void][] = [
    ['a kind that does not exist', /kind 6/, (record) => void (record.kind = 6 as 5)],
    ['an outcome that does not exist', /outcome 3/, (record) => void (record.outcome = 3 as 2)],
    ['a time that is none', /no time that could be: invoked NaN/, (record) => void (record.invokedMs = NaN)],
    ['a negative duration', /no time that could be/, (record) => void (record.durationMs = -1)],
    ['a load that never began', /names load 3/, (record) => void (record.load = 3)],
    ['a group across a multiple of 16', /crosses a multiple of 16/, (record) => void (record.group = 16)],
  ];
  test.each(spoilt)('%s', (_name, says, spoil) => {
    const records = good.records.map((record) => ({ ...record }));
    spoil(records[0]!);
    const analysis = analyse({ ...good, records });
    expect(analysis.damage).toMatch(says);
    expect(analysis.loads[0]!.data).toBeNull();
  });
  const altered = (
    alter: (events: Sketch['events']) => void,
    source = sourceOf(good.records),
  ): LedgerAnalysis => {
    const events = timelineOf(good);
    alter(events);
    return analyseLedger(source, chain(events));
  };
  test('the good one is whole', () =>
    expect(altered(() => {})).toMatchObject({
      damage: null,
      loads: [{ data: { acknowledged: 1, classes: { survived: 1 } } }],
    }));
  test('other operations than the timeline says', () =>
    expect(
      altered(
        (events) =>
          void events.push({
            atMs: 8_500,
            type: 'load.ended',
            data: { load: 'keys', index: 0, operations: 4 },
          }),
      ).damage,
    ).toMatch(/1 operations are in the ledger, the timeline says 4/));
  test('shorter than announced', () =>
    expect(altered(() => {}, { ...sourceOf(good.records), records: 3 }).damage).toMatch(/2 records where 3/));
  test('cut inside a record', () => {
    const [chunk] = [...sourceOf(good.records).chunks()];
    expect(altered(() => {}, { records: 1, chunks: () => [chunk!.subarray(0, 40)] }).damage).toMatch(
      /cut off inside record 1/,
    );
  });
  test('more than the timeline vouches for', () =>
    expect(altered((events) => void events.pop()).damage).toMatch(/64 bytes, the timeline vouches for 0/));
  test('other read-backs than the timeline says', () =>
    expect(
      altered((events) =>
        events.forEach((event) => event.type === 'readback.ended' && (event.data.records = 5)),
      ).damage,
    ).toMatch(/1 values read back are in the ledger, the timeline says 5/));
});
