import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LedgerAnalysis } from '../../core/analysis.ts';
import { flagContinues, kinds, outcomes, type LedgerRecord } from '../../core/ledger.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import { history, type History } from './history-arbitrary.ts';
import { analyse, byCompletion, exchangeMs, observedMs, timelineOf } from './judged-history.ts';
import { judgePlainly } from './reference-judge.ts';
import { chain, operation, sourceOf, type Sketch } from './timeline-builder.ts';

const plainly = (one: History) =>
  judgePlainly(byCompletion(one.records), {
    faultMs: one.faultMs,
    recoveryMs: one.recoveryMs,
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
        const { data, service, beforeRecovery } = loads[0]!;
        const { failedFromMs } = beforeRecovery;
        if (failedFromMs !== null) seen.set('failed before', (seen.get('failed before') ?? 0) + 1);
        else if (service.impactMs !== null) seen.set('failed after', (seen.get('failed after') ?? 0) + 1);
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
        expect(beforeRecovery).toMatchObject(reference.beforeRecovery);
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
      'failed before',
      'failed after',
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
        let key = 0;
        // A call's records are written down together.
        const shuffled = [...one.records]
          .map((record) => {
            if ((record.flags & flagContinues) === 0) key = keys.next().value!;
            return { record, key };
          })
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
      altered((events) => {
        for (const event of events) if (event.type === 'readback.ended') event.data.records = 5;
      }).damage,
    ).toMatch(/1 values read back are in the ledger, the timeline says 5/));
});
