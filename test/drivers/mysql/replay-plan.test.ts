import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { PlainFile } from '../../../core/backup.ts';
import { MusterError } from '../../../core/errors.ts';
import { gtidSet } from '../../../drivers/mysql/gtid.ts';
import { mysql } from '../../../drivers/mysql/mysql.ts';
import { planReplay, type ReplayPlan } from '../../../drivers/mysql/replay-plan.ts';
import type { Until } from '../../../drivers/mysql/stops.ts';
import { changed, files, names, server, transactions } from './binlog-files.ts';

const base = (upTo: number, at: { file: string; position: number } | null = null) => ({
  byPlace: false as const,
  gtids: gtidSet(upTo > 0 ? `${server}:1-${upTo}` : ''),
  at,
});
const plan = (upTo: number, until: Until, chosen = files(...names)): Promise<ReplayPlan> =>
  planReplay(chosen, base(upTo), until, mysql.gtids);
const latest: Until = 'latest';

describe('what is replayed', () => {
  const cases: [
    string,
    number,
    Until,
    { count: number; last: number | null; stop: number | null; files: string[] },
  ][] = [
    ['everything', 0, latest, { count: 10, last: 10, stop: null, files: names }],
    ['what the base has not', 4, latest, { count: 6, last: 10, stop: null, files: names.slice(1) }],
    ['nothing, when the base has it all', 10, latest, { count: 0, last: null, stop: null, files: [] }],
    [
      'before a GTID',
      2,
      { beforeGtid: `${server}:8` },
      { count: 5, last: 7, stop: 8, files: names.slice(0, 2) },
    ],
    [
      'before a statement',
      2,
      { beforeStatement: 'drop table .*orders' },
      { count: 5, last: 7, stop: 8, files: names.slice(0, 2) },
    ],
    [
      'before the first match after the base',
      2,
      { beforeStatement: 'create table' },
      { count: 3, last: 5, stop: 6, files: names.slice(0, 2) },
    ],
    [
      'before a position',
      0,
      { beforePosition: { file: names[1]!, position: 1097 } },
      { count: 6, last: 6, stop: 7, files: names.slice(0, 2) },
    ],
    [
      'before a position inside a transaction',
      0,
      { beforePosition: { file: names[1]!, position: 1000 } },
      { count: 5, last: 5, stop: 6, files: names.slice(0, 2) },
    ],
    [
      'before the end of a file',
      0,
      { beforePosition: { file: names[0]!, position: 1373 } },
      { count: 4, last: 4, stop: 5, files: names.slice(0, 1) },
    ],
    [
      'before a time that is before all',
      0,
      { beforeTime: '2026-01-01T00:00:00Z' },
      { count: 0, last: null, stop: 1, files: [] },
    ],
    [
      'before a time that is after all',
      0,
      { beforeTime: '2027-01-01T00:00:00Z' },
      { count: 10, last: 10, stop: null, files: names },
    ],
  ];
  test.each(cases)('%s', async (_name, upTo, until, expected) => {
    const made = await plan(upTo, until);
    const gtid = (number: number | null): string | undefined =>
      number === null ? undefined : `${server}:${number}`;
    expect([made.transactions, made.last?.gtid, made.stoppedBefore?.gtid]).toEqual([
      expected.count,
      gtid(expected.last),
      gtid(expected.stop),
    ]);
    expect(made.files.map(({ name }) => name)).toEqual(expected.files);
  });

  test('before a time to the microsecond of a commit', async () => {
    const { all } = await transactions(files(names[1]!)[0]!);
    const utc = new Date(Math.ceil(all[2]!.committedMs)).toISOString();
    const made = await plan(0, { beforeTime: utc });
    expect(made.stoppedBefore?.gtid).toBe(`${server}:8`);
  });

  test('the last file only as far as the transaction to stop before', async () => {
    const {
      files: [, second],
    } = await plan(0, { beforeGtid: `${server}:8` });
    expect(second!.bytes).toBe(1344);
  });

  test('a last event that is cut off is left out, and said', async () => {
    const made = await plan(0, latest, [
      ...files(names[0]!),
      await changed(names[1]!, (all) => all.subarray(0, 1500)),
    ]);
    expect([made.transactions, made.cutBytes, made.files.at(-1)!.bytes]).toEqual([7, 156, 1344]);
  });
});

/**
 * A server with `gtid_mode=OFF` writes the same events, each with the type of an anonymous transaction
 * instead of a GTID's.
 */
describe('a log without GTIDs', () => {
  const anonymous = (all: Buffer): Buffer => {
    const copy = Buffer.from(all);
    for (let at = 4; at + 19 <= copy.length; at += copy.readUInt32LE(at + 9)) {
      if (copy[at + 4] !== 33) continue;
      copy[at + 4] = 34;
      copy.fill(0, at + 20, at + 44);
      const end = at + copy.readUInt32LE(at + 9) - 4;
      copy.writeUInt32LE(crc32(copy.subarray(at, end)), end);
    }
    return copy;
  };
  const without = (...chosen: string[]): Promise<PlainFile[]> =>
    Promise.all(chosen.map((name) => changed(name, anonymous)));
  const from = async (file: string, position: number, until: Until, chosen = names): Promise<ReplayPlan> =>
    planReplay(
      await without(...chosen),
      { byPlace: true, gtids: null, at: { file, position } },
      until,
      mysql.gtids,
    );

  test('is read from where it stood when the base was taken', async () => {
    const made = await from(names[1]!, 549, latest);
    expect([made.transactions, made.start, made.files.map(({ name }) => name), made.last?.gtid]).toEqual([
      5,
      549,
      [names[1], names[2]],
      `${names[2]}:403`,
    ]);
    expect(made.gtids.toString()).toBe('');
  });

  test('and stops before a statement, a time or a position', async () => {
    const made = await from(names[0]!, 343, { beforeStatement: 'drop table .*orders' });
    expect([made.transactions, made.stoppedBefore?.gtid, made.files.at(-1)!.bytes]).toEqual([
      6,
      `${names[1]}:1344`,
      1344,
    ]);
    expect(
      (await from(names[0]!, 343, { beforePosition: { file: names[1]!, position: 549 } })).transactions,
    ).toBe(4);
  });

  test('holds nothing new where the base was taken at its end', async () =>
    expect((await from(names[2]!, 734, latest)).transactions).toBe(0));

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a base that knows its GTIDs',
      async () => planReplay(await without(...names), base(0), latest, mysql.gtids),
      /cannot be followed/,
    ],
    ['a GTID to stop before', () => from(names[0]!, 343, { beforeGtid: `${server}:8` }), /without GTIDs/],
    [
      'the file of the base is absent',
      () => from(names[0]!, 343, latest, [names[1]!, names[2]!]),
      /gap: binlog\.000001 is absent/,
    ],
    ['the log ends before the base', () => from(names[2]!, 9_999, latest), /ends before the base does/],
  ])('is refused: %s', async (_name, work, reason) => {
    await expect(work()).rejects.toThrow(reason);
  });
});

describe('what is refused, with the reason', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'the first file after the base is absent',
      () => plan(2, latest, files(names[1]!, names[2]!)),
      /gap: 2 transactions before binlog\.000002/,
    ],
    [
      'a file in the middle is absent',
      () => plan(0, latest, files(names[0]!, names[2]!)),
      /gap: file 2 is absent/,
    ],
    [
      'a file in the middle is cut off',
      async () =>
        plan(0, latest, [
          files(names[0]!)[0]!,
          await changed(names[1]!, (all) => all.subarray(0, 1500)),
          files(names[2]!)[0]!,
        ]),
      /cut off in the middle/,
    ],
    [
      'a transaction in the middle is missing',
      async () =>
        plan(0, latest, [await changed(names[0]!, (all) => all.subarray(0, 851)), ...files(names[1]!)]),
      /gap: 1 transactions before binlog\.000002/,
    ],
    [
      'a byte in the middle is wrong',
      async () =>
        plan(0, latest, [
          await changed(names[0]!, (all) => {
            const copy = Buffer.from(all);
            copy[700]! ^= 1;
            return copy;
          }),
        ]),
      /damaged/,
    ],
    ['no file at all', () => plan(0, latest, []), /log is empty/],
    [
      'a file that is no log',
      () => plan(0, latest, [{ name: 'notes.txt', path: '/dev/null', bytes: 0 }]),
      /no binary log/,
    ],
    [
      'the log ends before the base',
      () => planReplay(files(names[0]!), base(9, { file: names[2]!, position: 403 }), latest, mysql.gtids),
      /ends before the base does/,
    ],
    [
      'the base holds what is to be left out',
      () => plan(8, { beforeGtid: `${server}:8` }),
      /base already holds/,
    ],
    ['a GTID that never was', () => plan(0, { beforeGtid: `${server}:77` }), /does not hold the transaction/],
    [
      'a statement that never was',
      () => plan(0, { beforeStatement: 'drop table users' }),
      /no statement in the log matches/,
    ],
    [
      'a position beyond the log',
      () => plan(0, { beforePosition: { file: names[2]!, position: 9_999 } }),
      /does not reach the position/,
    ],
  ])('%s', async (_name, work, reason) => {
    const error = await work().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(MusterError);
    expect((error as Error).message).toMatch(reason);
  });
});
