import { describe, expect, test } from 'vitest';
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
