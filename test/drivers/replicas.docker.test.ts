import { beforeAll, describe, expect, test } from 'vitest';
import type { Attached, CheckOutcome } from '../../core/driver.ts';
import type { Json } from '../../core/timeline.ts';
import redis from '../../drivers/redis/index.ts';
import toxiproxy from '../../drivers/toxiproxy/index.ts';
import { mysqlReplicaTests } from './mysql/replica-tests.ts';
import { replicaStack } from './replica-stack.ts';
import { act, eventually, judged, restart } from './replica-steps.ts';
import { suffer } from '../support/suffer.ts';

/**
 * Two servers of each kind, which change their roles from test to test: each begins where the one before
 * ended.
 */
const stack = replicaStack();

mysqlReplicaTests(stack);

const filled = [
  'EVAL',
  "for i = 1, 60 do redis.call('SET', 'kept:' .. i, i) end redis.call('SELECT', 3) redis.call('SET', 'other', 1)",
  '0',
];

describe('Redis', { timeout: 120_000 }, () => {
  let west: Attached;
  let east: Attached;
  const cli = async (name: string, ...words: string[]): Promise<string> =>
    (await stack.service(name).exec(['redis-cli', ...words])).stdout.trim();
  beforeAll(async () => {
    [west, east] = [await stack.attach(redis, 'redis'), await stack.attach(redis, 'redis-east')];
    await cli('redis', 'SET', 'a', '1');
  });

  test('replicate, closed for writes, catch-up, promote', async () => {
    await expect(act(east, 'promote')).rejects.toThrow(/is no replica/);
    await act(east, 'replicate', { source: 'redis' });
    expect([await cli('redis-east', 'GET', 'a'), await east.ready()]).toEqual(['1', true]);
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { said: expect.stringMatching(/^READONLY/) as string },
    });
    await expect(act(east, 'catch-up')).rejects.toThrow(/still takes writes/);
    const closing = await suffer(west, 'closed-for-writes');
    expect(await closing.witness()).not.toBeNull();
    expect(await cli('redis', 'SET', 'b', '1')).toMatch(/^NOREPLICAS/);
    const client = await (west.workload as Extract<Attached['workload'], { kind: 'data' }>).open();
    await expect(client.write([1, 2, 3, 4], ['x', 'x', 'x', 'x'])).rejects.toMatchObject({ certain: true });
    await client.close();
    expect(await act(east, 'catch-up')).toMatchObject({ source: 'redis' });
    await closing.undo.run();
    expect([
      await closing.undo.healed(),
      await cli('redis', 'SET', 'b', '2'),
      await closing.witness(),
    ]).toEqual([true, 'OK', null]);
    expect(await act(east, 'promote')).toMatchObject({ linkBefore: 'up' });
    expect(await cli('redis-east', 'SET', 'c', '3')).toBe('OK');
  });

  test('follows: what a replica held is there and what its source has; red when it lacks some, and when both are emptied', async () => {
    const check = east.checks['follows']!;
    const lookThen = async (meanwhile: () => Promise<unknown>): Promise<CheckOutcome> => {
      await act(east, 'replicate', { source: 'redis' });
      const look = await check.justBefore!();
      await meanwhile();
      return check.after(null, null, look);
    };
    expect(await west.checks['follows']!.justBefore!(), 'a primary').toBeNull();
    expect(await west.checks['follows']!.after(null), 'a primary').toMatchObject({ nothing: true });
    expect(await lookThen(async () => undefined), 'three keys').toMatchObject({
      nothing: true,
      detail: expect.stringContaining('too few') as string,
    });
    await cli('redis', ...filled);
    expect(await lookThen(async () => undefined)).toMatchObject({
      verdict: 'pass',
      facts: { kept: 63, gone: 0, thereAtSource: 63, lacking: 0 },
    });
    expect(await lookThen(() => cli('redis', 'DEL', 'kept:1', 'kept:2')), 'removed by right').toMatchObject({
      verdict: 'pass',
      facts: { kept: 61, gone: 2, lacking: 0 },
    });
    const away = await lookThen(() => cli('redis-east', 'REPLICAOF', 'redis', '6390'));
    expect(away, 'its source answers, and its link is down').toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/its link to redis:6390 is down/) as string,
      facts: { gone: 0, link: 'down' },
    });
    expect(await east.ready(), 'a replica that receives nothing').toBe(false);
    const options =
      '--daemonize yes --appendonly no --protected-mode no --repl-diskless-sync-delay 0 --dir /tmp';
    await stack.service('redis').exec(['redis-server', '--port', '6400', ...options.split(' ')]);
    const elsewhere = await lookThen(async () => {
      await cli('redis', '-p', '6400', ...filled);
      await cli('redis-east', 'REPLICAOF', 'redis', '6400');
      await eventually(async () => (await cli('redis-east', 'INFO')).includes('master_link_status:up'));
    });
    expect(elsewhere, 'another server, which has the same keys').toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/it follows redis:6400, which has another history than redis/) as string,
      facts: { gone: 2, link: 'up' },
    });
    await cli('redis', '-p', '6400', 'SHUTDOWN', 'NOSAVE');
    const dead = await lookThen(() => stack.service('redis').stop(2));
    expect(dead, 'its source is off').toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/redis cannot be asked: redis does not answer/) as string,
      facts: { gone: 0, link: 'down' },
    });
    expect(dead.nothing).toBeUndefined();
    await stack.service('redis').start();
    await stack.service('redis').waitHealthy(30_000);
    const torn = await lookThen(async () => {
      await cli('redis-east', 'CONFIG', 'SET', 'replica-read-only', 'no');
      await cli('redis-east', 'DEL', 'kept:3');
    });
    expect(torn).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/1 that redis has are not here/) as string,
    });
    const others = await lookThen(async () => {
      await cli('redis', 'SET', 'kept:6', 'written anew');
      await eventually(async () => (await cli('redis-east', 'GET', 'kept:6')) === 'written anew');
      await cli('redis-east', 'SET', 'kept:5', 'by nobody');
    });
    expect(others, 'one value that its source does not have').toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/; 1 that redis still has as they were are others here/) as string,
      facts: { gone: 0, rewritten: 2, lacking: 0, other: 1 },
    });
    const emptied = await lookThen(async () => {
      await cli('redis', 'FLUSHALL');
      await cli('redis', 'SET', 'kept:9', 'written anew');
    });
    expect(emptied).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /keys that it held then, 0 are as they were, 1 were written anew and \d+ are gone; redis has 1 of them. It followed redis into the loss/,
      ) as string,
    });
    await cli('redis', 'MSET', 'a', '1', 'c', '3');
    await eventually(async () => (await cli('redis-east', 'GET', 'c')) === '3');
    await act(east, 'promote');
  });

  test('follows: keys whose time came are gone by right; red when those are whose time did not', async () => {
    const filling =
      "for i = 1, 60 do redis.call('SET', 'due:' .. i, i, 'PX', 10000) end for i = 1, ARGV[1] do redis.call('SET', 'kept:' .. i, i, 'EX', 600) end";
    const onceDue = async (kept: number, meanwhile: () => Promise<unknown>): Promise<CheckOutcome> => {
      await act(east, 'replicate', { source: 'redis' });
      await cli('redis', 'FLUSHALL');
      await cli('redis', 'EVAL', filling, '0', String(kept));
      await eventually(async () => (await cli('redis-east', 'DBSIZE')) === String(60 + kept));
      const look = await east.checks['follows']!.justBefore!();
      await eventually(async () => (await cli('redis', 'KEYS', 'due:*')) === '');
      await meanwhile();
      return east.checks['follows']!.after(null, null, look);
    };
    const nothing = async (): Promise<void> => undefined;
    expect(await onceDue(0, nothing)).toMatchObject({ nothing: true, facts: { expired: 60, gone: 0 } });
    expect(await onceDue(60, nothing)).toMatchObject({
      verdict: 'pass',
      facts: { expired: 60, kept: 60, gone: 0, thereAtSource: 60 },
    });
    expect(await onceDue(60, () => cli('redis', 'FLUSHALL'))).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/It followed redis into the loss/) as string,
      facts: { expired: 60, kept: 0, gone: 60 },
    });
    await cli('redis', 'MSET', 'a', '1', 'c', '3');
    await eventually(async () => (await cli('redis-east', 'GET', 'c')) === '3');
    await act(east, 'promote');
  });

  test('ready: what was promoted takes writes; what the compose file made a replica receives, until somebody promotes it', async () => {
    const linkOf = async (): Promise<string> =>
      /master_link_status:(\w+)/.exec(await cli('redis-east', 'INFO', 'replication'))?.[1] ?? 'none';
    expect(await east.ready(), 'promoted').toBe(true);
    await cli('redis-east', 'CONFIG', 'SET', 'replica-read-only', 'yes');
    await cli('redis-east', 'REPLICAOF', 'redis', '6379');
    await eventually(async () => (await linkOf()) === 'up');
    expect(await cli('redis-east', 'SET', 'a', '1')).toMatch(/^READONLY/);
    expect(await east.ready(), 'promoted, and a replica again: READONLY is no write').toBe(false);
    const declared = await stack.attach(redis, 'redis-east');
    expect(await declared.ready(), 'a replica when the drill began').toBe(true);
    await cli('redis-east', 'REPLICAOF', 'redis', '6390');
    await eventually(async () => (await linkOf()) === 'down');
    expect(await declared.ready(), 'a replica that receives nothing').toBe(false);
    await cli('redis-east', 'REPLICAOF', 'NO', 'ONE');
    expect([await declared.ready(), await east.ready()], 'promoted by somebody else').toEqual([true, true]);
    await cli('redis-east', 'CONFIG', 'SET', 'min-replicas-to-write', '1');
    expect([await declared.ready(), await east.ready()], 'and closed').toEqual([false, false]);
    await cli('redis-east', 'CONFIG', 'SET', 'min-replicas-to-write', '0');
    await declared.close();
  });

  test('rejoin throws away what only the old primary has, and says how much', async () => {
    await cli('redis', 'SET', 'only-here', '1');
    const facts = await act(west, 'rejoin', { source: 'redis-east' });
    expect(Number(facts['thrownAwayBytes'])).toBeGreaterThan(0);
    expect([
      await cli('redis', 'GET', 'only-here'),
      await cli('redis', 'GET', 'c'),
      await west.ready(),
    ]).toEqual(['', '3', true]);
  });

  test('fence: in band and after a restart; out of band where it does not answer; reopen', async () => {
    expect(await act(east, 'fence')).toMatchObject({ how: 'in band' });
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'pass' });
    await restart(stack.service('redis-east'));
    expect([await cli('redis-east', 'SET', 'd', '1'), await cli('redis-east', 'GET', 'c')]).toEqual([
      expect.stringMatching(/^NOREPLICAS/),
      '3',
    ]);
    await stack.service('redis-east').pause();
    expect(await act(east, 'fence')).toMatchObject({ how: 'out of band' });
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { status: 'exited' },
    });
    expect(await act(east, 'reopen')).toEqual({ started: true, needsReplicas: '0' });
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
    await restart(stack.service('redis-east'));
    expect(await cli('redis-east', 'SET', 'd', '1')).toBe('OK');
  });

  test('a replica that restarts has forgotten its source, and takes no writes all the same', async () => {
    await restart(stack.service('redis'));
    expect(await judged(west, 'refuses-writes')).toMatchObject({ verdict: 'pass' });
  });
});

describe("the clients' way in", { timeout: 60_000 }, () => {
  test('failover moves a proxy, cuts who is on it, and refuses an upstream where nobody is', async () => {
    const way = await stack.attach(toxiproxy, 'toxiproxy');
    const service = stack.service('redis-east');
    await service.stop(1);
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).rejects.toThrow(
      /takes no connections: redis stays at redis:6379/,
    );
    await service.start();
    await service.waitHealthy(30_000);
    expect(await act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).toMatchObject({
      from: 'redis:6379',
      to: 'redis-east:6379',
      connectionsCut: true,
    });
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).rejects.toThrow(
      /already/,
    );
    await expect(act(way, 'failover', { proxy: 'nowhere', upstream: 'redis:6379' })).rejects.toMatchObject({
      trouble: 'input',
    });
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis' })).rejects.toMatchObject({
      trouble: 'input',
    });
    const { host, port } = await stack.service('toxiproxy').endpoint(6379);
    const client = await (await stack.attach(redis, 'redis')).workload!;
    if (client.kind !== 'data') throw new Error('not a data workload');
    const opened = await client.open();
    await opened.write([9], ['through the way in']);
    await opened.close();
    expect([
      host,
      port > 0,
      (await stack.service('redis-east').exec(['redis-cli', 'GET', 'muster-drill:redis:9'])).stdout.trim(),
    ]).toEqual(['127.0.0.1', true, 'through the way in']);
    await way.close();
  });

  test('inventory and expiries are those of the server that clients use: a promoted replica that is whole passes, one that lacks something fails', async () => {
    const cli = async (name: string, ...words: string[]): Promise<string> =>
      (await stack.service(name).exec(['redis-cli', ...words])).stdout.trim();
    const [way, west] = [await stack.attach(toxiproxy, 'toxiproxy'), await stack.attach(redis, 'redis')];
    // Clients are at redis-east since the test before; redis becomes its replica, and is promoted.
    await act(west, 'replicate', { source: 'redis-east' });
    const found = await stack.attach(redis, 'redis');
    expect([await west.ready(), await found.ready()], 'receives, as it should').toEqual([true, true]);
    await found.close();
    await cli('redis-east', 'MSET', 'user:1', 'Ada', 'user:2', 'Grace');
    await cli('redis-east', 'SET', 'session:1', 'Ada', 'EX', '3600');
    const looks: [string, Json][] = [];
    for (const name of ['inventory', 'ttl']) looks.push([name, await west.checks[name]!.before!()]);
    await eventually(async () => (await cli('redis', 'DBSIZE')) === (await cli('redis-east', 'DBSIZE')));
    await act(west, 'promote');
    await act(way, 'failover', { proxy: 'redis', upstream: 'redis:6379' });
    const verdicts = async (): Promise<string[]> =>
      Promise.all(looks.map(async ([name, baseline]) => (await west.checks[name]!.after(baseline)).verdict));

    expect(await verdicts(), 'promoted, and whole').toEqual(['pass', 'pass']);
    await cli('redis-east', 'DEL', 'user:1', 'session:1');
    expect(await verdicts(), 'the old primary, which no client uses, lost something').toEqual([
      'pass',
      'pass',
    ]);
    await cli('redis', 'DEL', 'session:1');
    expect(await verdicts(), 'the promoted one lacks a session').toEqual(['fail', 'fail']);
    await act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' });
    await cli('redis', 'REPLICAOF', 'redis-east', '6379');
    await eventually(async () => (await cli('redis', 'INFO')).includes('master_link_status:up'));
    expect(await west.ready(), 'a replica by now, of the one that clients use').toBe(true);
    await cli('redis', 'REPLICAOF', 'NO', 'ONE');
    await cli('redis-east', 'SET', 'session:1', 'Ada', 'EX', '3600');
    const [inventory] = await Promise.all(
      looks.slice(0, 1).map(([name, baseline]) => west.checks[name]!.after(baseline)),
    );
    expect(inventory, 'back at the old one').toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /user \(string\): 2 keys that never expire before, 1 now, 1 of them missing/,
      ) as string,
    });
    for (const each of [way, west]) await each.close();
  });
});
