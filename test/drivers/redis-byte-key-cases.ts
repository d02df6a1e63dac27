import type { Redis } from 'ioredis';

/** A character to a byte. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** As the default serializer of Spring writes it. */
export const spring = (text: string): Buffer =>
  bytes(`\xac\xed\x00\x05t\x00${String.fromCharCode(text.length)}${text}`);
/** A packed UUID, which differs from the next one in a byte that is no UTF-8. */
export const packed = (n: number): Buffer =>
  Buffer.from(`f81d4fae7dec11d0a76500a0c91e6b${(0x80 + n).toString(16)}`, 'hex');
const keysOfEach = 20;
const all = (name: (n: number) => Buffer): Buffer[] => Array.from({ length: keysOfEach }, (_, n) => name(n));
const user = (n: number): Buffer => spring(`user:${10 + n}`);
const session = (n: number): Buffer => spring(`session:${10 + n}`);

/**
 * One text in database 0; in database 1 nothing but what is no UTF-8: strings that last and that expire,
 * packed UUIDs, and one of each other type whose elements and groups are none either.
 */
export async function fillBytes(redis: Redis): Promise<void> {
  await redis.flushall();
  await redis.select(0);
  await redis.set('text:1', 'stays');
  await redis.select(1);
  for (const key of [...all(user), ...all(packed)]) await redis.set(key, bytes('\xff of'));
  for (const key of all(session)) await redis.set(key, 'of', 'EX', 3_600);
  await redis.call('HSET', spring('hash:1'), bytes('f\xfe'), bytes('\xfe'), bytes('f\xff'), bytes('\xff'));
  await redis.sadd(spring('set:1'), bytes('\xfe'), bytes('\xff'));
  await redis.zadd(spring('board:1'), 1, bytes('\xfe'), 2, bytes('\xff'));
  await redis.rpush(spring('queue:1'), bytes('\xfe'), bytes('\xff'));
  const events = spring('events:1');
  await redis.call('XADD', events, '1-1', bytes('k\xff'), bytes('\xff'));
  await redis.call('XGROUP', 'CREATE', events, bytes('g\xff'), '0');
  await redis.call('XREADGROUP', 'GROUP', bytes('g\xff'), bytes('c\xff'), 'STREAMS', events, '>');
}

const ofKeys = (begin: string): Buffer => bytes(`~\xac${begin}*`);
const library = (byte: string): Buffer =>
  bytes(`#!lua name=bytes\nredis.register_function('byte', function() return '${byte}' end)`);

/** An account that may ask for such keys, a function with such a value. `other`: another byte in which. */
export async function letIn(redis: Redis, other: 'rules' | 'code' | null): Promise<void> {
  await redis.call('ACL', 'SETUSER', 'java', 'reset', 'on', ofKeys(other === 'rules' ? '\xee' : '\xed'));
  await redis.call('FUNCTION', 'LOAD', 'REPLACE', library(other === 'code' ? '\xfe' : '\xff'));
}
export async function letOut(redis: Redis): Promise<void> {
  await redis.call('ACL', 'DELUSER', 'java');
  await redis.call('FUNCTION', 'DELETE', 'bytes');
}

/**
 * What becomes of them, in database 1. `differs`: whether a fingerprint, which is of no expiries, shows it.
 */
export interface ByteKeyCase {
  name: string;
  meanwhile(redis: Redis): Promise<unknown>;
  red: RegExp;
  differs: boolean;
}

const java = String.raw`database 1: \\xAC\\xED\\x00\\x05t\\x00\\x`;
const said = (prefix: string, rest: string): RegExp => new RegExp(`${java}[0-9A-F]{2}${prefix} ${rest}`);

export const byteKeyCases: ByteKeyCase[] = [
  {
    name: 'every key of database 1 is lost',
    meanwhile: (redis) => redis.flushdb(),
    red: said('user', String.raw`\(string\): 20 keys that never expire before, 0 now, 20 of them missing`),
    differs: true,
  },
  {
    name: 'a packed UUID is lost',
    meanwhile: (redis) => redis.del(packed(3)),
    red: /database 1: \(no prefix\) \(string\): 20 keys that never expire before, 19 now, 1 of them missing/,
    differs: true,
  },
  {
    name: 'one is there under the text that its bytes would give',
    meanwhile: (redis) => redis.rename(user(3), user(3).toString()),
    red: said('user', String.raw`\(string\): 20 keys that never expire before, 19 now, 1 of them missing`),
    differs: true,
  },
  {
    name: 'one has another value',
    meanwhile: (redis) => redis.set(user(3), bytes('\xfe of')),
    red: said('user', String.raw`\(string\): 1 keys with another value`),
    differs: true,
  },
  {
    name: 'sessions expire no more',
    meanwhile: (redis) => Promise.all(all(session).map((key) => redis.persist(key))),
    red: said('session', String.raw`\(string\): 20 keys that expire no more`),
    differs: true,
  },
  {
    name: 'sessions are gone before their time',
    meanwhile: (redis) => redis.del(session(1), session(2)),
    red: said('session', String.raw`\(string\): 2 keys gone before their time`),
    differs: false,
  },
  ...(
    [
      ['hash', 'hash', ['HSET', spring('hash:1'), bytes('f\xff'), bytes('\xfd')]],
      ['set', 'set', ['SREM', spring('set:1'), bytes('\xff')]],
      ['board', 'zset', ['ZADD', spring('board:1'), '3', bytes('\xff')]],
      ['queue', 'list', ['LREM', spring('queue:1'), '1', bytes('\xff')]],
      ['events', 'stream', ['XACK', spring('events:1'), bytes('g\xff'), '1-1']],
    ] as const
  ).map(
    ([prefix, type, [command, ...words]]): ByteKeyCase => ({
      name: `another element of a ${type}`,
      meanwhile: (redis) => redis.call(command, ...words),
      red: said(prefix, String.raw`\(${type}\): 1 keys with another value`),
      differs: true,
    }),
  ),
];
