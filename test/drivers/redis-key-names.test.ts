import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../drivers/redis/existing/index.ts';
import { heldBy, shortfallOf } from '../../drivers/redis/held.ts';
import { prefixOf, shown } from '../../drivers/redis/key-names.ts';
import { volatileOf } from '../../drivers/redis/volatile-keys.ts';

/** A character to a byte. */
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** As the default serializer of Spring writes it. */
const spring = (text: string): Buffer =>
  bytes(`\xac\xed\x00\x05t\x00${String.fromCharCode(text.length)}${text}`);
const uuid = Buffer.from('f81d4fae7dec11d0a76500a0c91e6bf6', 'hex');

describe('how a key is shown', () => {
  test.for<[Buffer, string]>([
    [Buffer.from('session:1'), 'session:1'],
    [Buffer.from('käse:😀:\n'), 'käse:😀:\n'],
    [Buffer.from('a\\b'), 'a\\b'],
    [Buffer.from('\uFFFD:1'), '\uFFFD:1'],
    [spring('user:1'), '\\xAC\\xED\\x00\\x05t\\x00\\x06user:1'],
    [uuid, '\\xF8\\x1DO\\xAE}\\xEC\\x11\\xD0\\xA7e\\x00\\xA0\\xC9\\x1Ek\\xF6'],
    [bytes('\xff\\'), '\\xFF\\\\'],
    [Buffer.from('\\xFF'), '\\\\xFF'],
    [bytes('k\xc3'), 'k\\xC3'],
  ])('%o as %s', ([key, text]) => expect(shown(key)).toBe(text));

  test('no two alike', () => {
    const parts = ['\\', 'x', 'A', 'C', '\xac', '\xc3', '\xa4', '\x00', ':'].map(bytes);
    const keys = [Buffer.alloc(0)];
    for (let length = 0, from = 0; length < 5; length += 1) {
      const some = keys.slice(from);
      from = keys.length;
      for (const key of some) for (const part of parts) keys.push(Buffer.concat([key, part]));
    }
    expect(new Set(keys.map(shown)).size).toBe(keys.length);
  });
});

describe('what keys are grouped by', () => {
  test.for<[Buffer, string]>([
    [Buffer.from('session:1'), 'session'],
    [Buffer.from('😀:1'), '😀'],
    [Buffer.from(':1'), ''],
    [Buffer.from('secret'), '(no prefix)'],
    [Buffer.from(`${'a'.repeat(70)}:1`), 'a'.repeat(64)],
    [spring('user:1'), '\\xAC\\xED\\x00\\x05t\\x00\\x06user'],
    [Buffer.concat([Buffer.from('u:'), uuid]), 'u'],
    [uuid, '(no prefix)'],
    [bytes('\xf8\x1dO:\xae\xec'), '(no prefix)'],
    [bytes(`\xff${'a'.repeat(70)}:1`), 'a'.repeat(64)],
  ])('%o by %s', ([key, prefix]) => expect(prefixOf(key)).toBe(prefix));
});

describe('a pattern of volatile keys', () => {
  test.for<[string, Buffer, boolean]>([
    ['*cache:*', spring('cache:1'), true],
    ['\\xAC\\xED\\x00\\x05t\\x00\\x07cache:*', spring('cache:1'), true],
    ['\\xAC\\xED*', spring('user:1'), true],
    ['cache:*', spring('cache:1'), false],
    ['k?se:*', Buffer.from('käse:1'), true],
    ['\\xAC*', Buffer.from('\\xAC:1'), true],
    ['*\uFFFD*', spring('user:1'), false],
  ])('%s takes %o: %j', ([pattern, key, taken]) => expect(volatileOf([pattern])(key)).toBe(taken));
});

test('a query names words, and bytes in double quotes', () => {
  expect(wordsOf(String.raw`HGET "\xAC\xed\"a\\b ä" 'c d' \xAC`).map((word) => Buffer.from(word))).toEqual([
    Buffer.from('HGET'),
    Buffer.concat([bytes('\xac\xed"a\\b '), Buffer.from('ä')]),
    Buffer.from('c d'),
    Buffer.from('\\xAC'),
  ]);
});

describe('what a server holds and was not read', () => {
  const info = (over: Record<string, string | number> = {}, keys = 30, expires = 10): string =>
    Object.entries({
      role: 'master',
      rdb_changes_since_last_save: 100,
      rdb_last_save_time: 1,
      expired_keys: 5,
      evicted_keys: 0,
      db1: `keys=${keys},expires=${expires},avg_ttl=0`,
      ...over,
    })
      .map(([name, value]) => `${name}:${value}`)
      .join('\r\n');
  const first = info();
  const all = { lasting: 20, there: 30, gone: 0 };
  const none = { lasting: 0, there: 0, gone: 30 };
  const few = { lasting: 17, there: 27, gone: 3 };
  const changed = { rdb_changes_since_last_save: 103 };

  test.for<[string, string, string, typeof all, string | null]>([
    ['all were read', first, first, all, null],
    ['some were read twice', first, first, { ...all, lasting: 25 }, null],
    ['not one was', first, first, none, '20 of 20 keys that never expire'],
    ['not all were', first, first, few, '3 of 20 keys that never expire'],
    ['others came and went', first, info(changed), few, null],
    [
      'more are missing than changes',
      first,
      info(changed),
      { ...few, lasting: 16 },
      '4 of 20 keys that never expire',
    ],
    ['what expires is listed and not there', first, first, { ...all, there: 20, gone: 10 }, '10 keys'],
    ['that has expired', first, info({ expired_keys: 15 }), { ...all, there: 20, gone: 10 }, null],
    [
      'that has expired at a replica',
      info({ role: 'slave' }),
      info({ role: 'slave' }),
      { ...all, gone: 1 },
      null,
    ],
    ['a snapshot was saved', first, info({ rdb_last_save_time: 2 }), few, null],
    [
      'a snapshot, and not one was read',
      first,
      info({ rdb_last_save_time: 2 }),
      none,
      '20 of 20 keys that never expire',
    ],
    ['it does not say', 'role:master\r\ndb1:keys=30,expires=10', 'db1:keys=30,expires=10', few, null],
    ['the last were removed', first, info({}, 0, 0), none, '30 keys'],
    [
      'the last were removed and counted',
      first,
      info({ rdb_changes_since_last_save: 130 }, 0, 0),
      none,
      null,
    ],
    [
      'another database is whole',
      info({ db1: '' }),
      info({ db1: '' }),
      { lasting: 0, there: 0, gone: 0 },
      null,
    ],
  ])('%s', ([, before, after, read, what]) => {
    expect(shortfallOf(heldBy(before, 1), heldBy(after, 1), read)?.what ?? null).toBe(what);
  });
});
