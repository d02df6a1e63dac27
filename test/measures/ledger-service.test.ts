import { describe, expect, test } from 'vitest';
import { flagContinues, kinds, outcomes, type LedgerRecord } from '../../core/ledger.ts';
import { analyse, observedMs } from './judged-history.ts';
import { operation } from './timeline-builder.ts';

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
