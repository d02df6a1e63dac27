import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { late } from '../support/server-rig.ts';
import { filled, redisThreeUp, type One, type RedisThree } from './redis-three.ts';
import { act, eventually, restart } from './replica-steps.ts';

/** Replicas that are whole, by whatever name they know their source and wherever a recovery moves them. */
let up: RedisThree | undefined;
const three = late(() => up!);
beforeAll(async () => {
  up = await redisThreeUp();
});
afterAll(async () => {
  expect(await up?.down()).toEqual([]);
});
beforeEach(() => three.anew());

const all: One[] = ['redis-a', 'redis-b', 'redis-c'];
const unharmed = async (): Promise<void> => undefined;
const whole = { kept: 60, gone: 0, thereAtSource: 60, lacking: 0, other: 0 };

describe('follows: the source by another name than its service', { timeout: 120_000 }, () => {
  test.for<[string, () => Promise<string>]>([
    ['of its container', async () => 'redis-master'],
    ['of a network alias', async () => 'primary.redis'],
    ['of its address', () => three.addressOf('redis-a')],
  ])('%s: whole, also where only the replica is a component; one key less is red', async ([, host]) => {
    await three.follow('redis-c', await host());
    await three.linkIs('redis-c', 'up');
    const { 'redis-c': alone } = await three.attach(['redis-c']);
    expect(await three.judged(alone, unharmed)).toMatchObject({
      verdict: 'pass',
      facts: { ...whole, sourceNow: 'redis-a' },
    });
    const { 'redis-c': c } = await three.attach(all);
    expect(await three.judged(c, unharmed)).toMatchObject({ verdict: 'pass', facts: whole });
    const torn = await three.judged(alone, async () => {
      await three.cli('redis-c', 'CONFIG', 'SET', 'replica-read-only', 'no');
      await three.cli('redis-c', 'DEL', 'kept:1');
    });
    expect(torn).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/1 that redis-a has are not here/) as string,
    });
  });

  /** Another server in the container of the first one. */
  const at = async (port: number): Promise<void> => {
    const options = `--port ${port} --daemonize yes --requirepass of-a --repl-diskless-sync-delay 0 --dir /tmp`;
    const { code } = await three
      .service('redis-a')
      .exec(['redis-server', '--save', '', ...options.split(' ')]);
    expect(code).toBe(0);
    await three.cli('redis-a', '-p', String(port), 'EVAL', filled, '0');
    await three.follow('redis-c', 'redis-master', port);
    await three.linkIs('redis-c', 'up');
  };

  test('another port is asked where it is published; one key less is red', async () => {
    await at(6400);
    const { 'redis-c': c } = await three.attach(all);
    expect(await three.judged(c, unharmed)).toMatchObject({
      verdict: 'pass',
      facts: { ...whole, source: 'redis-master:6400', sourceNow: 'redis-a:6400' },
    });
    const torn = await three.judged(c, async () => {
      await three.cli('redis-c', 'CONFIG', 'SET', 'replica-read-only', 'no');
      await three.cli('redis-c', 'DEL', 'kept:1');
    });
    expect(torn).toMatchObject({ verdict: 'fail' });
    await three.cli('redis-a', '-p', '6400', 'SHUTDOWN', 'NOSAVE');
  });

  test('one that nobody can ask: nothing is said while the link is up and nothing is gone; else inconclusive', async () => {
    await at(6401);
    const { 'redis-c': c } = await three.attach(all);
    expect(await three.judged(c, unharmed)).toMatchObject({
      nothing: true,
      detail: expect.stringMatching(/0 are gone; redis-master:6401 cannot be asked/) as string,
    });
    const removed = await three.judged(c, async () => {
      await three.cli('redis-a', '-p', '6401', 'DEL', 'kept:1');
    });
    expect(removed).toMatchObject({ verdict: 'inconclusive', facts: { gone: 1 } });
    expect(removed.nothing, 'one is gone').toBeUndefined();
    const dead = await three.judged(c, async () => {
      await three.cli('redis-a', '-p', '6401', 'SHUTDOWN', 'NOSAVE');
      await three.linkIs('redis-c', 'down');
    });
    expect(dead).toMatchObject({ verdict: 'inconclusive', facts: { link: 'down' } });
    expect(dead.nothing, 'its source is dead').toBeUndefined();
  });
});

describe('follows: moved by the recovery', { timeout: 120_000 }, () => {
  /** As Sentinel does: by its address. */
  const promoted = async (): Promise<void> => {
    await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
    await three.follow('redis-c', await three.addressOf('redis-b'));
    await three.linkIs('redis-c', 'up');
  };

  test('to the server that took over from one that stays away: whole; its link down is red', async () => {
    const { 'redis-c': c } = await three.attach(all);
    const moved = await three.judged(c, async () => {
      await three.service('redis-a').stop(1);
      await promoted();
    });
    expect(moved).toMatchObject({
      verdict: 'pass',
      facts: { ...whole, source: 'redis-master', sourceNow: 'redis-b' },
    });
    const { 'redis-c': alone } = await three.attach(['redis-c']);
    expect(await three.judged(alone, unharmed), 'which is no component').toMatchObject({ verdict: 'pass' });
    const cut = await three.judged(c, async () => {
      await three.follow('redis-c', 'redis-b', 6399);
      await three.linkIs('redis-c', 'down');
    });
    expect(cut).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/redis-b answers, and its link to redis-b:6399 is down/) as string,
    });
  });

  test('not moved, and its source is off: no pass', async () => {
    const { 'redis-c': c } = await three.attach(all);
    const left = await three.judged(c, async () => {
      await three.service('redis-a').stop(1);
      await three.linkIs('redis-c', 'down');
    });
    expect(left).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/redis-master cannot be asked: redis-a does not answer/) as string,
    });
    expect(left.nothing).toBeUndefined();
  });

  test('to a replica that nobody promoted, and their source is off: no pass', async () => {
    const { 'redis-c': c } = await three.attach(all);
    const left = await three.judged(c, async () => {
      await three.follow('redis-c', 'redis-b');
      await three.linkIs('redis-c', 'up');
      await three.service('redis-a').stop(1);
    });
    expect(left).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/it follows redis-b by now, which takes no writes/) as string,
    });
    expect(left.nothing).toBeUndefined();
  });

  test('while the old primary is back: whole where clients are not known to be at that one; red where they are', async () => {
    const { 'redis-c': c } = await three.attach(all);
    const moved = await three.judged(c, promoted);
    expect(moved).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(/follows redis-b by now, and redis-a takes writes as well/) as string,
      facts: whole,
    });
    await three.anew();
    const less = await three.attach(all);
    const lost = await three.judged(less['redis-c'], async () => {
      await promoted();
      await three.cli('redis-b', 'DEL', 'kept:1');
      await three.linkIs('redis-c', 'up');
    });
    expect(lost, 'the other one may be whose data counts').toMatchObject({ verdict: 'inconclusive' });
    expect(lost.nothing).toBeUndefined();
    await three.anew();
    const driven = await three.attach(all);
    await driven['redis-a'].workload!.prepare();
    expect(await three.judged(driven['redis-c'], promoted)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/has another history than redis-a, where clients are/) as string,
    });
  });

  test('to where the way in of its source leads by now: whole; back at the old one is red', async () => {
    const way: { to: One } = { to: 'redis-a' };
    const clients = () => three.service(way.to).endpoint(6379);
    const { 'redis-c': c } = await three.attach(all, {
      'redis-a': { clients: async () => ({ ...(await clients()), host: 'localhost' }) },
    });
    const moved = await three.judged(c, async () => {
      await promoted();
      way.to = 'redis-b';
      // Who is on the old way in is cut.
      await three.cli('redis-a', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    });
    expect(moved).toMatchObject({ verdict: 'pass', facts: whole });
    expect(moved.detail).not.toMatch(/as well/);
    const back = await three.judged(c, async () => {
      await three.follow('redis-c', 'redis-master');
      await three.linkIs('redis-c', 'up');
    });
    expect(back).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /follows redis-master, which has another history than redis-b, where clients are/,
      ) as string,
    });
  });
});

describe('follows: a primary by itself since', { timeout: 120_000 }, () => {
  /** It was told whom to follow at run time, and nowhere else. It comes back with all its keys. */
  const forget = async (): Promise<void> => {
    await three.cli('redis-c', 'CONFIG', 'SET', 'save', '3600 1');
    await restart(three.service('redis-c'));
    await eventually(async () => (await three.cli('redis-c', 'DBSIZE')) === '60');
    expect(await three.cli('redis-c', 'INFO', 'replication')).toMatch(/^role:master/m);
  };
  const own = { kept: 60, gone: 0, sourceNow: null, role: 'master' };

  test.for<[string, One[], string, RegExp]>([
    ['where clients are is not known', all, 'inconclusive', /redis-a takes writes as well: where clients/],
    ['only it is a component', ['redis-c'], 'inconclusive', /redis-a takes writes as well: where clients/],
    ['clients are at its source', all, 'fail', /replica no more, and redis-a, where clients are, takes/],
  ])('it forgot its source, and %s: %s', async ([, names, verdict, why]) => {
    const attached = await three.attach(names);
    if (verdict === 'fail') await attached['redis-a'].workload!.prepare();
    const forgot = await three.judged(attached['redis-c'], forget);
    expect(forgot).toMatchObject({ verdict, detail: expect.stringMatching(why) as string, facts: own });
    expect(forgot.nothing).toBeUndefined();
  });

  test('it forgot its source, which is off, and another one took over: no pass', async () => {
    const { 'redis-c': c } = await three.attach(all);
    const forgot = await three.judged(c, async () => {
      await forget();
      await three.service('redis-a').stop(1);
      await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
    });
    expect(forgot).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/redis-b takes writes as well/) as string,
    });
    expect(forgot.nothing).toBeUndefined();
  });

  test.for([0, 3_000])('made a replica again after 15 s, its link up %i ms later: whole', async (ms) => {
    const { 'redis-a': a, 'redis-c': c } = await three.attach(all);
    await a.workload!.prepare();
    let again = Promise.resolve();
    const found = await three.judged(c, async () => {
      await forget();
      again = sleep(15_000).then(async () => {
        if (ms > 0) await three.cli('redis-a', 'CLIENT', 'PAUSE', String(ms), 'ALL');
        await three.follow('redis-c', 'redis-master');
      });
    });
    await again;
    expect(found).toMatchObject({ verdict: 'pass', facts: whole });
  });

  test('it took over: its source is off, or follows it, or clients came along', async () => {
    const { 'redis-c': c, 'redis-b': b } = await three.attach(all);
    const followed = await three.judged(b, async () => {
      await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
      await three.follow('redis-a', 'redis-b');
      await three.linkIs('redis-a', 'up');
    });
    expect(followed, 'follows it').toMatchObject({ verdict: 'pass', facts: own });
    await three.follow('redis-c', 'redis-b');
    await three.linkIs('redis-c', 'up');
    const alone = await three.judged(c, async () => {
      await three.cli('redis-c', 'REPLICAOF', 'NO', 'ONE');
      await three.service('redis-b').stop(1);
      await three.service('redis-a').stop(1);
    });
    expect(alone, 'off').toMatchObject({ verdict: 'pass', facts: own });
    await three.anew();
    const way: { to: One } = { to: 'redis-a' };
    const clients = () => three.service(way.to).endpoint(6379);
    const moving = await three.attach(all, {
      'redis-a': { clients: async () => ({ ...(await clients()), host: 'localhost' }) },
    });
    const moved = await three.judged(moving['redis-b'], async () => {
      await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
      way.to = 'redis-b';
      await three.cli('redis-a', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    });
    expect(moved, 'clients came along').toMatchObject({ verdict: 'pass', facts: own });
  });
});

test('ready: a primary that receives from the one that took over, where no way in and no load says who clients use', {
  timeout: 120_000,
}, async () => {
  const { 'redis-a': a, 'redis-c': c } = await three.attach(all);
  await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
  await three.follow('redis-a', await three.addressOf('redis-b'));
  await three.linkIs('redis-a', 'up');
  expect(await a.ready(), 'its source takes writes').toBe(true);
  await three.cli('redis-b', 'CONFIG', 'SET', 'min-replicas-to-write', '9');
  expect(await a.ready(), 'its source takes none').toBe(false);
  await three.cli('redis-b', 'CONFIG', 'SET', 'min-replicas-to-write', '0');
  await three.follow('redis-a', 'redis-b', 6399);
  await three.linkIs('redis-a', 'down');
  expect(await a.ready(), 'receives nothing').toBe(false);
  await three.follow('redis-a', 'redis-b');
  await three.linkIs('redis-a', 'up');
  expect(await a.ready()).toBe(true);
  await a.workload!.prepare().catch(() => undefined);
  expect(await a.ready(), 'a load of the drill comes by its own port, where nothing is written').toBe(false);
  await act(c, 'promote');
  await three.follow('redis-c', 'redis-b');
  await three.linkIs('redis-c', 'up');
  expect(await c.ready(), 'a step had it take writes').toBe(false);
});

test('ready: not where what it follows is none that the drill attached', { timeout: 60_000 }, async () => {
  const { 'redis-a': a } = await three.attach(['redis-a']);
  await three.cli('redis-b', 'REPLICAOF', 'NO', 'ONE');
  await three.follow('redis-a', 'redis-b');
  await three.linkIs('redis-a', 'up');
  expect(await a.ready()).toBe(false);
});
