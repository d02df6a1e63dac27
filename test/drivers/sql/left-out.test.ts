import { describe, expect, test } from 'vitest';
import { compareLeftOut, leftOutTables, quickCountMax } from '../../../drivers/sql/left-out.ts';

const never = (): null => null;
const of = (before: number | null, justBefore: number | null, now: number | null) =>
  compareLeftOut(
    { 'a.t': before },
    justBefore === null ? null : { 'a.t': justBefore },
    { 'a.t': now },
    never,
  );

describe('a table whose rows are not compared', () => {
  test.each<[string, number | null, number | null, number | null]>([
    ['is empty', 5, 5, 0],
    ['is empty, and nobody looked just before the fault', 5, null, 0],
    ['is gone, and was made only after the first look', null, 3, null],
    ['has less than half of the fewest that it had', 5, 9, 2],
    ['has less than half, and nobody looked just before the fault', 9, null, 4],
    ['has less than half of more than what was counted', 1_000_000, quickCountMax + 1, 50_000],
    ['has a tenth, and more than half of what was counted in haste', 1_000_000, quickCountMax + 1, 100_000],
  ])('%s: it is in doubt', (_name, before, justBefore, now) => {
    expect(of(before, justBefore, now).lost).toHaveLength(1);
  });

  test.each<[string, number | null, number | null, number | null]>([
    ['has as many', 5, 5, 5],
    ['has half', 6, 9, 3],
    ['has more', 0, 0, 7],
    ['was emptied while all was well', 5, 0, 0],
    ['never had any', 0, 0, 0],
    ['came back with what an older backup had', 5, 50, 6],
    ['has half of more than what was counted in haste', 1_000_000, quickCountMax + 1, 500_000],
    ['grew beyond what is counted in haste, and an older backup came back', 10, quickCountMax + 1, 5],
  ])('%s: it is not', (_name, before, justBefore, now) => {
    expect(of(before, justBefore, now)).toMatchObject({
      lost: [],
      remarks: [expect.stringMatching(/^not compared, as the strategy has it, are the rows of a\.t \(/)],
    });
  });

  test('that may have fewer is told as such', () => {
    const { lost, remarks } = compareLeftOut({ 'a.t': 5 }, null, { 'a.t': 0 }, () => 'it is in memory');
    expect([lost, remarks]).toEqual([
      [],
      [
        'not compared, as the strategy has it, are the rows of a.t (5 before the load, 0 now; it is in memory)',
      ],
    ]);
  });

  test('that never was is told, and nothing is told of none', () => {
    expect(of(null, null, null)).toMatchObject({
      lost: [],
      remarks: ['the strategy names a.t, which no table of rows is called'],
    });
    expect(compareLeftOut({}, {}, {}, never)).toEqual({ lost: [], remarks: [], facts: {} });
  });

  test('is one, whichever list names it', () => {
    expect(leftOutTables({ volatileTables: ['a.t', 'a.u'], drainedTables: ['a.u'] })).toEqual(['a.t', 'a.u']);
  });
});
