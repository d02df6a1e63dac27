import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PlainFile } from '../../../core/backup.ts';
import { gtids } from '../../../drivers/mariadb/gtids.ts';
import { scanBinlog, walkBinlog, type Transaction } from '../../../drivers/mysql/binlog-scan.ts';
import { planReplay, type ReplayPlan } from '../../../drivers/mysql/replay-plan.ts';
import type { Until } from '../../../drivers/mysql/stops.ts';

/**
 * Three files of MariaDB 11.8: a definition, a row, two changes in one transaction, a table without
 * transactions; then another domain, a transaction in two phases, statements that are compressed.
 */
const folder = join(import.meta.dirname, '../../fixtures/mariadb');
const names = ['binlog.000003', 'binlog.000004', 'binlog.000005'];
const files = (some = names): PlainFile[] =>
  some.map((name) => ({ name, path: join(folder, name), bytes: statSync(join(folder, name)).size }));

describe('the GTIDs of MariaDB', () => {
  test('a position holds all of its domain up to its number', () => {
    const set = gtids.set('0-1-42,7-2-9');
    expect([set.has('0', 42), set.has('0', 1), set.has('0', 43), set.has('7', 9), set.has('1', 1)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });
  test('of a domain that is named twice the higher number counts', () =>
    expect(gtids.after('0-1-5,0-2-1000,3-1-2', gtids.set(''), new Map())).toBe('0-2-1000,3-1-2'));
  test('what was replayed comes after the base, in each domain', () =>
    expect(gtids.after('0-1-5,3-1-2', gtids.set(''), new Map([['0', '0-1-9']]))).toBe('0-1-9,3-1-2'));
  test.each(['uuid:7', '0-1', '0-1-2-3', '-1-2'])('%s is none', (text) => {
    expect(gtids.parse(text)).toBeNull();
    expect(() => gtids.set(text)).toThrow(TypeError);
  });
});

describe('a binary log of MariaDB', () => {
  async function transactions(): Promise<{ seen: Transaction[]; previous: string[] }> {
    const [seen, previous]: [Transaction[], string[]] = [[], []];
    for (const { path, name } of files()) {
      const end = await scanBinlog(path, name, {
        onPrevious: (set) => void previous.push(set.toString()),
        onTransaction: (one) => seen.push(one) > 0,
      });
      expect([end.cutBytes, end.soundBytes]).toEqual([0, statSync(path).size]);
    }
    return { seen, previous };
  }

  test('is told apart into its transactions, whatever they are made of', async () => {
    const { seen, previous } = await transactions();
    expect(seen.map(({ gtid }) => gtid)).toEqual([
      ...['0-7-1', '0-7-2', '0-7-3', '0-7-4', '0-7-5'],
      ...['3-7-1', '0-7-6', '0-7-7', '0-7-8', '0-7-9'],
    ]);
    expect(previous).toEqual(['', '0:1-5', '0:1-9,3:1']);
    const texts = seen.map(({ statements }) => statements.join('; '));
    expect(texts[0]).toMatch(/^create table app\.t /);
    expect(texts[2]).toMatch(
      /insert into app\.t.*; update app\.t.*; COMMIT|insert into app\.t.*; update app\.t/,
    );
    expect(texts[4]).toMatch(/insert into app\.m/);
    // Compressed.
    expect(texts[8]).toMatch(/repeat\('x', 40\)/);
    expect(texts[9]).toMatch(/^DROP TABLE /i);
  });

  test('is read whatever pieces it comes in', () => {
    const whole = readFileSync(files()[1]!.path);
    for (const size of [1, 7, 100]) {
      const seen: string[] = [];
      const walk = walkBinlog(
        'a log',
        { onPrevious: () => undefined, onTransaction: ({ gtid }) => seen.push(gtid) > 0 },
        false,
      );
      for (let at = 0; at < whole.length; at += size) walk.take(whole.subarray(at, at + size));
      expect([seen.length, walk.end().cutBytes]).toEqual([5, 0]);
    }
  });

  test('that is damaged is refused', () => {
    const whole = Buffer.from(readFileSync(files()[0]!.path));
    whole[900]! ^= 0xff;
    const walk = walkBinlog('a log', { onPrevious: () => undefined, onTransaction: () => true }, false);
    expect(() => walk.take(whole)).toThrow(/damaged/);
  });

  const plan = (
    at: { file: string; position: number },
    gtid: string,
    until: Until,
    some = names,
  ): Promise<ReplayPlan> =>
    planReplay(files(some), { byPlace: true, gtids: gtids.set(gtid), at }, until, gtids);
  const begin = { file: names[0]!, position: 4 };

  test('is replayed from the place of the base', async () => {
    const made = await plan({ file: names[1]!, position: 4 }, '0-7-5', 'latest');
    expect([made.transactions, made.start, made.last?.gtid, [...made.lasts]]).toEqual([
      5,
      4,
      '0-7-9',
      [
        ['3', '3-7-1'],
        ['0', '0-7-9'],
      ],
    ]);
    expect(made.files.map(({ name }) => name)).toEqual(names.slice(1));
  });

  test.each<[string, Until, number, string]>([
    ['a GTID', { beforeGtid: '0-7-9' }, 9, '0-7-9'],
    ['a GTID of another domain', { beforeGtid: '3-7-1' }, 5, '3-7-1'],
    ['a statement', { beforeStatement: 'drop table .*t' }, 9, '0-7-9'],
  ])('as far as %s', async (_, until, count, stop) => {
    const made = await plan(begin, '', until);
    expect([made.transactions, made.stoppedBefore?.gtid]).toEqual([count, stop]);
  });

  test('as far as a place', async () => {
    const { seen } = await transactions();
    const made = await plan(begin, '', { beforePosition: { file: names[0]!, position: seen[1]!.end } });
    expect([made.transactions, made.stoppedBefore?.gtid]).toEqual([2, '0-7-3']);
  });

  test('of which seconds alone are known stops before all of a second', async () => {
    const { seen } = await transactions();
    const second = seen[0]!.committedMs;
    expect(second % 1000).toBe(0);
    const made = await plan(begin, '', { beforeTime: new Date(second + 999).toISOString() });
    expect(made.transactions).toBe(0);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a file is absent', () => plan(begin, '', 'latest', [names[0]!, names[2]!]), /file 4 is absent/],
    ['the file of the base is', () => plan(begin, '', 'latest', names.slice(1)), /binlog\.000003 is absent/],
    ['the base holds the target', () => plan(begin, '0-7-5', { beforeGtid: '0-7-5' }), /already holds 0-7-5/],
    ['the target is not there', () => plan(begin, '', { beforeGtid: '0-7-99' }), /does not hold/],
    [
      'transactions are missing before it',
      () => plan({ file: names[1]!, position: 4 }, '0-7-3', 'latest', names.slice(1)),
      /2 transactions before binlog\.000004 are neither/,
    ],
  ])('is refused where %s', async (_, work, message) => expect(work()).rejects.toThrow(message));
});
