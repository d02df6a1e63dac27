import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExistingRestorer } from '../../core/existing.ts';
import { dataFolderSuite, triesOf } from '../support/existing-rig.ts';
import { oneServer } from '../support/server-rig.ts';
import { redisStackUp } from './redis-stack.ts';

describe.each(['redis', 'plain'] as const)('a snapshot that other tools made, on the server %s', (name) => {
  const { stack, attached } = oneServer(redisStackUp, (up) => up.attach(name));
  let restorer: ExistingRestorer;
  let good: Buffer;
  let madeMs: number;
  const tries = triesOf(() => restorer);
  const { tried, whyOf } = tries;

  beforeAll(async () => {
    restorer = (await attached.existing())!;
    const redis = await stack.connect(name);
    await redis.select(5);
    await redis.set('other', 'database');
    await redis.select(0);
    for (let i = 0; i < 300; i += 1)
      await redis.hset(`cart:${i}`, 'item', `book ${i}`, 'at', '2026-11-28T03:00:00Z');
    await redis.set('soon', 'gone', 'EX', 86_400);
    madeMs = Date.now();
    await redis.save();
    const service = stack.service(name);
    const found = await service.exec([
      'sh',
      '-c',
      'find / -name dump.rdb -not -path "/proc/*" 2>/dev/null | head -n 1',
    ]);
    const { stdout } = await service.exec(['od', '-An', '-v', '-tx1', found.stdout.trim()]);
    good = Buffer.from(stdout.replace(/\s/g, ''), 'hex');
    expect(good.subarray(0, 5).toString()).toBe('REDIS');
  });

  it('is restored, with every database of it, in the place of whatever is there', async () => {
    const redis = await stack.connect(name);
    await redis.flushall();
    await redis.set('left', 'over');
    const came = await tried(gzipSync(good));
    expect(came, came.is === 'restored' ? '' : came.why).toMatchObject({
      is: 'restored',
      layers: ['gzip'],
      usable: { verdict: 'pass', detail: '301 keys in database 0, 1 keys in database 5' },
      restored: { said: { server: expect.stringMatching(/^Redis \d/) } },
    });
    if (came.is === 'restored')
      expect(Math.abs(Date.parse(came.restored.said.madeAt!) - madeMs)).toBeLessThan(60_000);
    expect(await restorer.count('cart:*')).toBe(300);
    expect(await restorer.count('left')).toBe(0);
    expect(await restorer.value(restorer.newestIn('cart:7', 'at'))).toBe('2026-11-28T03:00:00Z');
    expect(await restorer.value('GET nothing')).toBeNull();
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ['empty', () => Buffer.alloc(0), /it is empty/],
    ['cut off', () => good.subarray(0, good.length - 200), /not complete|refuses the snapshot/],
    [
      'cut off before its checksum',
      () => good.subarray(0, good.length - 9),
      /not complete|refuses the snapshot/,
    ],
    ['damaged', () => Buffer.from(good).fill(0x55, 400, 420), /refuses the snapshot/],
    [
      'of a format to come',
      () => Buffer.concat([Buffer.from('REDIS0099'), good.subarray(9)]),
      /refuses the snapshot|does not load/,
    ],
    ['a text', () => Buffer.from('-ERR unknown command'), /not a snapshot of Redis/],
  ])('is refused when it is %s', async (_, bytes, said) => {
    expect(await whyOf(bytes())).toMatch(said);
  });
  it('is refused when it is of a relative, whose codes mean other things', async () => {
    const why = await whyOf(Buffer.concat([Buffer.from('VALKEY080'), good.subarray(9)]));
    expect(why).toMatch(/format VALKEY080.*which this Redis does not load/);
  });
  it('is passed over when it is a dump of MySQL', async () => {
    expect(await tried(Buffer.from('-- MySQL dump 10.13\n'))).toMatchObject({ is: 'other' });
  });
  dataFolderSuite(tries, {
    service: () => stack.service(name),
    path: '/data',
    good: () => good,
    cutAt: 2_000,
    isThere: async () => expect(await restorer.count('cart:*')).toBe(300),
  });

  it('is of no use without a key', async () => {
    const redis = await stack.connect(name);
    await redis.flushall();
    expect(await restorer.usable()).toMatchObject({ verdict: 'fail', detail: 'not one key is there' });
  });
  it('has the fingerprint of its source, and not once a value is another', async () => {
    await tried(good);
    const source = await restorer.fingerprint();
    expect(source.data['database 0']!.rows, 'what expires is not in it').toBe(300);
    await tried(good);
    expect(await restorer.fingerprint()).toEqual(source);
    const redis = await stack.connect(name);
    await redis.hset('cart:1', 'item', 'another');
    expect(await restorer.fingerprint()).not.toEqual(source);
  });
});
