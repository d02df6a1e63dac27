import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { takeBackup } from '../suites/artifact.ts';
import { inertService } from '../suites/inert-service.ts';
import { oneReceiver } from '../support/server-rig.ts';
import { redisPairUp, type RedisPair } from './redis-pair.ts';
import { act, judged } from './replica-steps.ts';
import { suffer } from '../support/suffer.ts';

/** A drill changes settings of a running server for a while. Afterwards each is as it was before. */
let pair: RedisPair;
let east: Attached;
let admin: Redis;
/** Base, increment and manifest. */
const filesOfLog = 3;
const needs = 'min-replicas-to-write';

beforeAll(async () => {
  pair = await redisPairUp('put-back');
});
afterAll(() => pair?.down());
beforeEach(async () => {
  admin = await pair.connect('east');
});
afterEach(async () => {
  await east?.close();
  pair.disconnect();
});

const setting = async (name: string): Promise<string> => ((await admin.config('GET', name)) as string[])[1]!;
const eventually = (name: string, value: string): Promise<void> =>
  expect.poll(() => setting(name), { timeout: 30_000 }).toBe(value);
const write = (): Promise<string> => admin.set('user:1', 'a').catch(({ message }: Error) => message);

describe('a server that takes writes only with a replica', () => {
  test('asks for one when it was promoted, and the step says so', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await act(east, 'replicate', { source: 'redis' });
    const facts = await act(east, 'promote');
    expect([await setting(needs), await write(), await east.ready()]).toEqual([
      '1',
      expect.stringMatching(/^NOREPLICAS/),
      false,
    ]);
    expect(facts).toMatchObject({ needsReplicas: '1' });
  });

  test('asks for as many as when it was made a replica', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await admin.config('SET', needs, '2');
    await act(east, 'replicate', { source: 'redis' });
    const facts = await act(east, 'promote');
    expect(await setting(needs)).toBe('2');
    expect(facts).toMatchObject({ needsReplicas: '2' });
  });

  test('asks for one when it was fenced without an answer, and opened', async () => {
    await admin.config('SET', needs, '1');
    east = await pair.attach('east');
    await pair.service('east').stop();
    expect(await act(east, 'fence')).toMatchObject({ how: 'out of band' });
    const facts = await act(east, 'reopen');
    admin = await pair.connect('east');
    expect([await setting(needs), await write()]).toEqual(['1', expect.stringMatching(/^NOREPLICAS/)]);
    expect(facts).toEqual({ started: true, needsReplicas: '1' });
  });

  test('asks for none when it asked for none, and takes the write', async () => {
    await admin.config('SET', needs, '0');
    east = await pair.attach('east');
    await act(east, 'replicate', { source: 'redis' });
    expect(await act(east, 'promote')).toMatchObject({ needsReplicas: '0' });
    expect([await write(), await east.ready()]).toEqual(['OK', true]);
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
  });
});

describe('a server that was closed for writes', () => {
  test('is open again though the replica that it asks for was promoted meanwhile', async () => {
    const its = await pair.connect('redis');
    const west = await pair.attach('redis');
    try {
      east = await pair.attach('east');
      await act(east, 'replicate', { source: 'redis' });
      await its.config('SET', needs, '1');
      const accepted = (): Promise<string> => its.set('user:1', 'a').catch(({ message }: Error) => message);
      await expect.poll(accepted, { timeout: 30_000 }).toBe('OK');
      const closed = await suffer(west, 'closed-for-writes');
      expect(await closed.undo.healed(), 'it is closed').toBe(false);
      await act(east, 'promote');
      await closed.undo.run();
      expect(await closed.undo.healed()).toBe(true);
      expect([await its.config('GET', needs), await accepted()]).toEqual([
        [needs, '1'],
        expect.stringMatching(/^NOREPLICAS/),
      ]);
    } finally {
      await its.config('SET', needs, '0');
      await west.close();
    }
  });
});

describe('a replica that is attached again', () => {
  test('asks for as many replicas as before, and its inventory finds nothing changed', async () => {
    await admin.config('SET', needs, '0');
    await (await pair.connect('redis')).set('user:1', 'a');
    east = await pair.attach('east');
    await act(east, 'replicate', { source: 'redis' });
    const baseline = (await east.checks['inventory']!.before!()) ?? null;
    await act(east, 'rejoin', { source: 'redis' });
    expect(await judged(east, 'inventory', baseline)).toMatchObject({ verdict: 'pass' });
    expect([await setting(needs), await write()]).toEqual(['0', expect.stringMatching(/^READONLY/)]);
    await act(east, 'promote');
  });

  test('gets in at its source by the account that Muster has there, whatever its own was', async () => {
    const other = await pair.connect('redis');
    await admin.config('SET', 'masteruser', 'nobody');
    for (const server of [admin, other]) await server.config('SET', 'requirepass', 'let-me-in');
    try {
      east = await pair.attach('east', {
        config: redisDriver.config.parse({ passwordFrom: 'REDIS_PASSWORD' }) as never,
        secret: () => 'let-me-in',
      });
      await act(east, 'replicate', { source: 'redis', within: '10s' });
      await act(east, 'promote');
    } finally {
      for (const server of [admin, other]) await server.config('SET', 'requirepass', '');
      await admin.config('SET', 'masteruser', '');
      await admin.config('SET', 'masterauth', '');
    }
  });
});

describe('while the append-only file is copied', () => {
  const rewrites = 'auto-aof-rewrite-percentage';
  const receiver = oneReceiver();
  /** What happens when all of its files are in the store, and before the copy is over. */
  const copied = (whenAllIsThere: () => Promise<unknown>): Promise<unknown> => {
    let files = 0;
    return takeBackup(
      east.backups['aof']!,
      {
        ...receiver,
        put: async (name, content) => {
          const put = await receiver.put(name, content);
          if ((files += 1) === filesOfLog) await whenAllIsThere();
          return put;
        },
      },
      {},
    );
  };

  test('a server that freezes has its setting again when it thaws, and after the next copy', async () => {
    const told: string[] = [];
    east = await pair.attach('east', { note: (text) => void told.push(text) });
    await admin.config('SET', rewrites, '70');
    await copied(async () => {
      await pair.service('east').pause();
      expect(await east.ready(), 'the connection is lost').toBe(false);
    });
    await pair.service('east').unpause();
    await eventually(rewrites, '70');
    await copied(async () => expect(await setting(rewrites)).toBe('0'));
    expect(await setting(rewrites)).toBe('70');
    expect(told).toEqual([
      expect.stringMatching(/^\/data\/muster-aof-\d+ of east, which a backup laid there, is not yet removed/),
      expect.stringContaining(`${rewrites} of east is not yet at 70 again`),
    ]);
    const { stdout } = await pair.service('east').exec(['ls', '/data']);
    expect(stdout, 'nor does anything of the first copy stay').not.toMatch(/muster/);
  });

  test('two copies at once: it is as before when the last of them is over', async () => {
    east = await pair.attach('east');
    await admin.config('SET', rewrites, '70');
    const [secondIsThere, firstIsOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let second: Promise<unknown> = Promise.resolve();
    await copied(async () => {
      second = copied(async () => {
        secondIsThere.resolve();
        await firstIsOver.promise;
      });
      await Promise.race([secondIsThere.promise, second]);
    });
    expect(await setting(rewrites), 'the second goes on').toBe('0');
    firstIsOver.resolve();
    await second;
    expect(await setting(rewrites)).toBe('70');
  });

  test('the inventory takes it for what it was, and calls it red when it is another afterwards', async () => {
    east = await pair.attach('east');
    await admin.config('SET', needs, '0');
    await admin.config('SET', rewrites, '70');
    await admin.set('user:1', 'a');
    const baseline = (await east.checks['inventory']!.before!()) ?? null;
    await copied(async () =>
      expect(await judged(east, 'inventory', baseline)).toMatchObject({ verdict: 'pass' }),
    );
    await admin.config('SET', rewrites, '0');
    expect(await judged(east, 'inventory', baseline)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining(`${rewrites}: "70" before, "0" now`) as string,
    });
  });
});

describe('a volume that is to be lost', () => {
  const points = '3600 5';
  const find = { at: '/usr/bin/find', away: '/usr/bin/find.away' };

  test('and cannot be emptied: snapshots are written as before', async () => {
    east = await pair.attach('east');
    await admin.config('SET', 'save', points);
    const service = pair.service('east');
    await service.exec(['mv', find.at, find.away], { user: '0' });
    try {
      await expect(suffer(east, 'wipe-volume')).rejects.toThrow('cannot be emptied');
    } finally {
      await service.exec(['mv', find.away, find.at], { user: '0' });
    }
    expect(await setting('save')).toBe(points);
  });

  test('and whose server outlives it: the undo puts it back', async () => {
    const service = pair.service('east');
    east = await pair.attach('east', { service: inertService(service, { command: () => false }) });
    await admin.config('SET', 'save', points);
    const wiped = await suffer(east, 'wipe-volume');
    expect(await setting('save')).toBe('');
    await wiped.undo.run();
    expect(await setting('save')).toBe(points);
  });
});
