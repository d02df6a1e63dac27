import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import { fingerprintDifferences } from '../../core/fingerprint.ts';
import { fingerprintAt } from '../../drivers/redis/existing/fingerprint.ts';
import { digestKey } from '../../drivers/redis/key-digest.ts';
import { sampleOf, thereOf } from '../../drivers/redis/sampled.ts';
import { byteKeyCases, fillBytes, letIn, letOut, spring } from './redis-byte-key-cases.ts';
import { eventually } from './replica-steps.ts';
import { redisPairUp, type PairName, type RedisPair } from './redis-pair.ts';

let pair: RedisPair;
beforeAll(async () => {
  pair = await redisPairUp('fingerprint');
}, 120_000);
afterAll(() => pair.down(), 60_000);

const elements = 5_000;
const large = Buffer.alloc(9 * 1024 * 1024 + 7, 'bytes ');

/** The same data; `backwards`: written in another order. */
async function fill(redis: Redis, backwards = false): Promise<void> {
  await redis.flushall();
  const order = Array.from({ length: elements }, (_, i) => (backwards ? elements - 1 - i : i));
  for (let at = 0; at < elements; at += 500) {
    const some = order.slice(at, at + 500);
    await redis.sadd('set', ...some.map((i) => `member ${i}`));
    await redis.hset('hash', Object.fromEntries(some.map((i) => [`field ${i}`, `value ${i}`])));
    await redis.zadd('zset', ...some.flatMap((i) => [i % 7, `member ${i}`]));
  }
  await redis.rpush('list', ...Array.from({ length: elements }, (_, i) => `element ${i}`));
  await redis.set('string', large);
  await redis.set('small', 'value');
  await redis.hset('small:hash', 'b', '2', 'a', '1');
}

async function fingerprint(name: PairName) {
  return (await fingerprintAt({ ...(await pair.service(name).endpoint(6379)) } as never)).fingerprint;
}

const of = (parts: Buffer[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url').slice(0, 16);
};

describe('a fingerprint of a server that others use', { timeout: 120_000 }, () => {
  test('touches no key, and asks for no key of many elements as a whole', async () => {
    const redis = await pair.connect('redis');
    await fill(redis);
    // Each access counts, and nothing is forgotten.
    await redis.config(
      'SET',
      'maxmemory-policy',
      'allkeys-lfu',
      'lfu-log-factor',
      '0',
      'lfu-decay-time',
      '0',
    );
    await redis.get('small');
    const counts = async (): Promise<unknown[]> =>
      Promise.all(['set', 'hash', 'zset', 'list', 'string', 'small'].map((key) => redis.object('FREQ', key)));
    const before = await counts();
    await redis.config('RESETSTAT');
    const { data } = await fingerprint('redis');
    expect(data['database 0']).toMatchObject({ rows: 7 });
    expect(await counts()).toEqual(before);
    const asked = await redis.info('commandstats');
    expect(asked).not.toMatch(/cmdstat_(?:hgetall|smembers|hvals|hkeys)\b/);
    expect(Number(/cmdstat_sscan:calls=(\d+)/.exec(asked)![1])).toBeGreaterThan(4);
    expect(Number(/cmdstat_getrange:calls=(\d+)/.exec(asked)![1])).toBe(3);
    await redis.get('small');
    expect(await counts(), 'a client does').not.toEqual(before);
  });

  test('asks for no large stream as a whole, nor for what its groups have pending', async () => {
    const redis = await pair.connect('redis');
    await redis.flushall();
    const value = 'a value of a stream '.repeat(50);
    for (let at = 0; at < 20; at++) {
      const some = redis.pipeline();
      for (let i = 1; i <= 1_000; i++) some.xadd('events', `${at * 1_000 + i}-1`, 'field', value);
      await some.exec();
    }
    await redis.xgroup('CREATE', 'events', 'workers', '0');
    await redis.xreadgroup('GROUP', 'workers', 'one', 'COUNT', 5_000, 'STREAMS', 'events', '>');
    // Who is sent more at once is cut off.
    await redis.config('SET', 'client-output-buffer-limit', 'normal 12582912 0 0');
    const first = await fingerprint('redis');
    expect(first).toMatchObject({ unread: [], data: { 'database 0': { rows: 1 } } });
    expect(await fingerprint('redis')).toEqual(first);
    for (const change of [
      () => redis.xack('events', 'workers', '4321-1'),
      () => redis.xclaim('events', 'workers', 'two', 0, '1234-1'),
      () => redis.xdel('events', '15000-1'),
      () => redis.xgroup('SETID', 'events', 'workers', '10-1'),
      () => redis.xgroup('DESTROY', 'events', 'workers'),
    ]) {
      const before = await fingerprint('redis');
      await change();
      expect(await fingerprint('redis'), String(change)).not.toEqual(before);
    }
    await redis.config('SET', 'client-output-buffer-limit', 'normal 0 0 0');
  });

  test('is the same in whatever order it was written, the digests are those of whole keys, and another value shows', async () => {
    const [redis, east] = [await pair.connect('redis'), await pair.connect('east')];
    await fill(redis);
    await fill(east, true);
    const first = await fingerprint('redis');
    expect(first).toMatchObject({ expiring: 0, unread: [] });
    expect(await fingerprint('east')).toEqual(first);
    const members = (await redis.smembersBuffer('set')).sort(Buffer.compare);
    const fields = Object.entries(await redis.hgetall('hash')).sort(([a], [b]) => (a < b ? -1 : 1));
    const digest = async (key: string): Promise<unknown> => (await digestKey(redis, Buffer.from(key)))!.value;
    expect(await digest('set')).toBe(of(members));
    expect(await digest('hash')).toBe(of(fields.flat().map((text) => Buffer.from(text))));
    expect(await digest('string')).toBe(of([large]));
    for (const change of [
      () => east.hset('hash', 'field 4321', 'another'),
      () => east.srem('set', 'member 4321'),
      () => east.setrange('string', large.length - 1, '!'),
      () => east.lset('list', 4_321, 'another'),
    ]) {
      await fill(east, true);
      await change();
      expect(await fingerprint('east'), String(change)).not.toEqual(first);
    }
  });
});

describe('keys that are no text', { timeout: 120_000 }, () => {
  let attached: Attached;
  let redis: Redis;
  beforeAll(async () => {
    attached = await pair.attach('redis');
    await eventually(() => attached.ready());
    redis = await pair.connect('redis');
  });
  afterAll(() => attached?.close());
  beforeEach(() => fillBytes(redis));

  test('are in a fingerprint as they are in one of the same data, and each once', async () => {
    const first = await fingerprint('redis');
    expect(first).toMatchObject({ data: { 'database 1': { rows: 45 } }, expiring: 20, unread: [] });
    await fillBytes(await pair.connect('east'));
    expect(await fingerprint('east')).toEqual(first);
  });

  test.for(byteKeyCases)('$name: the inventory is red, a fingerprint differs: $differs', async (one) => {
    const inventory = attached.checks['inventory']!;
    const [baseline, source] = [await inventory.before!(), await fingerprint('redis')];
    expect(await inventory.after(baseline)).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('66 keys of the application in 2 databases'),
    });
    await one.meanwhile(redis);
    expect(await inventory.after(baseline)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(one.red),
    });
    expect(fingerprintDifferences(source, await fingerprint('redis')).length > 0).toBe(one.differs);
  });

  test.for([
    ['rules', /user java: other rules/],
    ['code', /functions of library bytes: other code/],
  ] as const)('may be let in by rules, and made by functions: of the %s a byte is another', async (one) => {
    const [other, red] = one;
    const inventory = attached.checks['inventory']!;
    await letIn(redis, null);
    const baseline = await inventory.before!();
    await letIn(redis, other);
    const outcome = await inventory.after(baseline);
    await letIn(redis, null);
    expect(await inventory.after(baseline)).toMatchObject({ verdict: 'pass' });
    await letOut(redis);
    expect(outcome).toMatchObject({ verdict: 'fail', detail: expect.stringMatching(red) });
  });

  test('are among those by which a replica is looked at', async () => {
    const held = await sampleOf(redis);
    expect(held.keys).toHaveLength(held.all);
    await redis.select(1);
    await redis.del(spring('user:13'));
    await redis.set(spring('user:14'), 'another');
    const there = [...(await thereOf(redis, held)).values()];
    expect(there.filter((kept) => kept === 'as it was')).toHaveLength(held.all - 2);
    expect(there.filter((kept) => kept === 'rewritten')).toHaveLength(1);
  });

  test('are among those of which the expiry is looked at', async () => {
    await redis.select(0);
    const session = spring('session:10');
    await redis.set(session, 'of', 'EX', 3_600);
    const ttl = attached.checks['ttl']!;
    const baseline = await ttl.before!();
    expect(baseline).toMatchObject({ sampled: 1 });
    expect(await ttl.after(baseline)).toMatchObject({ verdict: 'pass' });
    await redis.persist(session);
    expect(await ttl.after(baseline)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('(\\xAC\\xED\\x00\\x05t\\x00\\x0Asession)'),
    });
  });

  test('are counted and asked for by what a strategy says of a backup', async () => {
    const restorer = (await attached.existing())!;
    expect(await restorer.count('*user:*')).toBe(20);
    expect(await restorer.count('*')).toBe(66);
    await redis.select(0);
    await redis.hset(spring('cart:7'), 'at', '2026-11-28T03:00:00Z');
    const query = String.raw`HGET "\xAC\xED\x00\x05t\x00\x06cart:7" at`;
    expect(await restorer.value(query)).toBe('2026-11-28T03:00:00Z');
  });
});
