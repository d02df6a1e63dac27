import type { Redis } from 'ioredis';

/**
 * What becomes of expiries between two looks. `red`: the check that must fail, and its words; null where
 * nothing is wrong. `volatileKeys`: as the strategy would set it.
 */
export interface ExpiryCase {
  name: string;
  meanwhile(redis: Redis): Promise<unknown>;
  red: RegExp | null;
  volatileKeys?: string[];
}

/**
 * What the application holds: 20 sessions of an hour, a cache of ten minutes, a hash with a field of ten
 * minutes, one key that never expires.
 */
export async function fillExpiring(redis: Redis): Promise<void> {
  await redis.flushall();
  for (let n = 0; n < 20; n += 1) await redis.set(`session:${n}`, `of user ${n}`, 'EX', 3_600);
  await redis.set('cache:front', 'page', 'EX', 600);
  await redis.set('brief:1', 'soon gone', 'EX', 5);
  await redis.hset('user:1', 'name', 'Ada', 'code', '1234');
  await redis.call('HPEXPIRE', 'user:1', '600000', 'FIELDS', '1', 'code');
  await redis.hset('codes:1', 'first', '1', 'second', '2');
  await redis.call('HPEXPIRE', 'codes:1', '700000', 'FIELDS', '2', 'first', 'second');
  await redis.set('lasting:1', 'stays');
}

/**
 * As people's scripts do it: every key by DUMP, the server emptied, and every key by RESTORE, with the time
 * to live that `ttl` makes of it.
 */
async function copied(redis: Redis, ttl: (key: string) => Promise<(string | number)[]>): Promise<void> {
  const keys = await redis.keys('*');
  const copies = await Promise.all(
    keys.map(async (key) => ({ key, value: await redis.dumpBuffer(key), times: await ttl(key) })),
  );
  await redis.flushall();
  for (const {
    key,
    value,
    times: [time, ...options],
  } of copies)
    if (value) await redis.call('RESTORE', key, String(time), value, ...options);
}
/** Age of the copy when it is replayed: what a relative time to live is off by. */
const ageMs = 30_000;
const untilGone = async (redis: Redis, key: string): Promise<void> => {
  for (;;) if ((await redis.exists(key)) === 0) return;
};

export const expiryCases: ExpiryCase[] = [
  {
    name: 'a copy that drops every time to live',
    meanwhile: (redis) => copied(redis, async () => [0]),
    red: /session \(string\): 20 keys that expire no more/,
  },
  {
    name: 'a copy with times to live, replayed late',
    red: /session \(string\): 20 keys that expire at another time \(\+\d+ s/,
    meanwhile: (redis) =>
      copied(redis, async (key) => [Math.max(0, await redis.pttl(key)) && (await redis.pttl(key)) + ageMs]),
  },
  {
    name: 'sessions that are gone before their time',
    meanwhile: (redis) => redis.del('session:1', 'session:2'),
    red: /session \(string\): 2 keys gone before their time/,
  },
  {
    name: 'a key that never expired and now does',
    meanwhile: (redis) => redis.expire('lasting:1', 1_000),
    red: /lasting \(string\): 1 keys that never expired and now do/,
  },
  {
    name: 'another value under the same expiry',
    meanwhile: (redis) => redis.set('session:3', 'of another', 'KEEPTTL'),
    red: /session \(string\): 1 keys with another value/,
  },
  {
    name: 'a field of ten minutes that expires no more',
    meanwhile: (redis) => redis.call('HPERSIST', 'user:1', 'FIELDS', '1', 'code'),
    red: /user \(fields of a hash\): 1 fields gone before their time, or no longer expiring/,
  },
  {
    name: 'a field of ten minutes that expires at another time',
    meanwhile: (redis) => redis.call('HPEXPIRE', 'user:1', '900000', 'FIELDS', '1', 'code'),
    red: /user \(fields of a hash\): 1 fields that expire at another time \(\+\d+ s/,
  },
  {
    name: 'a field of ten minutes with another value',
    meanwhile: (redis) => redis.call('HSETEX', 'user:1', 'KEEPTTL', 'FIELDS', '1', 'code', '9999'),
    red: /user \(fields of a hash\): 1 fields with another value/,
  },
  {
    name: 'a hash of nothing but fields that expire, gone before their time',
    meanwhile: (redis) => redis.del('codes:1'),
    red: /codes \(hash\): 1 keys gone before their time/,
  },
  {
    name: 'a key kept for good though its time has come',
    meanwhile: async (redis) => {
      await untilGone(redis, 'brief:1');
      await redis.set('brief:1', 'soon gone');
    },
    red: /brief \(string\): 1 keys that expire no more/,
  },
  {
    name: 'a rewritten cache that nobody declared as such',
    meanwhile: (redis) => redis.set('cache:front', 'another page', 'EX', 9_000),
    red: /cache \(string\): 1 keys that expire at another time/,
  },
  { name: 'nothing happened', meanwhile: async () => undefined, red: null },
  {
    name: 'a copy with absolute times',
    meanwhile: (redis) => copied(redis, async (key) => [Math.max(0, await redis.pexpiretime(key)), 'ABSTTL']),
    red: null,
  },
  {
    name: 'a copy with absolute times in whole seconds',
    meanwhile: (redis) =>
      copied(redis, async (key) => [Math.max(0, await redis.expiretime(key)) * 1000, 'ABSTTL']),
    red: null,
  },
  { name: 'a key that expired in its time', meanwhile: (redis) => untilGone(redis, 'brief:1'), red: null },
  {
    name: 'a key that expired in its time and was written anew',
    meanwhile: async (redis) => {
      await untilGone(redis, 'brief:1');
      await redis.set('brief:1', 'again', 'EX', 900);
    },
    red: null,
  },
  {
    name: 'a rewritten cache that is declared volatile',
    meanwhile: (redis) => redis.set('cache:front', 'another page', 'EX', 9_000),
    volatileKeys: ['cache:*'],
    red: null,
  },
  {
    name: 'a key declared volatile that is gone',
    meanwhile: (redis) => redis.del('session:7'),
    volatileKeys: ['session:?'],
    red: null,
  },
  {
    name: 'a key gone that no pattern of volatile keys means',
    meanwhile: (redis) => redis.del('session:17'),
    volatileKeys: ['session:?', 'session:1'],
    red: /session \(string\): 1 keys gone before their time/,
  },
];

/** What the check of expiries says of the application's keys. */
export const ttlCases: ExpiryCase[] = [
  {
    name: 'every time to live of the application dropped',
    meanwhile: async (redis) => {
      for (const key of await redis.keys('session:*')) await redis.persist(key);
    },
    red: /of the application that were looked at 0 are gone too early, 20 have another expiry, 0 outlived theirs \(session\)/,
  },
  {
    name: 'every session expires half a minute later',
    meanwhile: async (redis) => {
      for (const key of await redis.keys('session:*')) await redis.pexpire(key, 3_630_000);
    },
    red: /20 have another expiry/,
  },
  {
    name: 'sessions gone before their time',
    meanwhile: (redis) => redis.del('session:1'),
    red: /1 are gone too early/,
  },
  {
    name: 'a key of the application written anew after its time',
    meanwhile: async (redis) => {
      await untilGone(redis, 'brief:1');
      await redis.set('brief:1', 'again', 'EX', 900);
    },
    red: null,
  },
  {
    name: 'sessions renewed that are declared volatile',
    meanwhile: async (redis) => {
      for (const key of await redis.keys('session:*')) await redis.pexpire(key, 3_630_000);
    },
    volatileKeys: ['session:*'],
    red: null,
  },
];
