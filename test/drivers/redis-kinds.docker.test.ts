import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../suites/artifact.ts';
import { loseEverything } from './redis-stack.ts';
import { fences, starts } from './redis-kind-cases.ts';
import { whenReady } from '../suites/suite.ts';
import { attachTo } from '../support/attach-to.ts';

const file = fileURLToPath(new URL('../fixtures/redis-kinds.compose.yml', import.meta.url));
let stack: Stack;
let receiver: Receiver;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const progress = (): void => undefined;
  stack = await createStackProvider({ progress }).up({
    file,
    drill: `redis-kinds-${randomBytes(3).toString('hex')}`,
    environment: {},
    progress,
  });
});
afterAll(async () => stack?.down());
beforeEach(async () => {
  receiver = await createReceiver();
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await receiver.remove();
});

const service = (name: string): Service => stack.services.get(name)!;

async function attach(name: string): Promise<Attached> {
  const attached = await attachTo(redisDriver, { component: name, service: service(name), peer: service });
  open.push(() => attached.close());
  return attached;
}

async function connect(name: string): Promise<Redis> {
  const redis = new Redis({ ...(await service(name).endpoint(6379)), maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  open.push(async () => redis.disconnect());
  return redis;
}

const restore = async (
  attached: Attached,
  name: string,
  options: Record<string, unknown> = {},
): Promise<Record<string, unknown>> => {
  const point = receiver.artifact(name, await takeBackup(attached.backups[name]!, receiver, {}));
  return (await attached.backups[name]!.restore!(point, recordingContext([], options))) as Record<
    string,
    unknown
  >;
};

/**
 * Owner, permissions and name of everything in the folder that the server itself keeps, and of what lies
 * beside it.
 */
const listing = async (name: string): Promise<string[]> => {
  const { stdout } = await service(name).exec([
    'sh',
    '-c',
    'find /data ! -path "*muster-aside*" -exec stat -c "%u:%g %a %n" {} +',
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/appendonly\.aof\.\d+\./, 'appendonly.aof.N.'))
    .sort();
};

describe('under a user by number, a read-only root and no capabilities, in a folder that belongs to root', () => {
  let strict: Attached;
  beforeAll(async () => {
    strict = await attach('strict');
    open.splice(0);
  });
  afterAll(() => strict?.close());

  test.for<[string, Record<string, unknown>]>([
    ['rdb', { order: 'preload' }],
    ['rdb', { order: 'base' }],
    ['aof', {}],
  ])(
    '%s %j: owners, permissions and the ACL file are as before, and the server saves and rewrites',
    async ([name, options]) => {
      const attached = strict;
      let redis = await connect('strict');
      await redis.call('ACL', 'SETUSER', 'app', 'on', '>word', '~*', '+@all');
      await redis.call('ACL', 'SAVE');
      await redis.mset(...Array.from({ length: 50 }, (_, n) => [`user:${n}`, 'x']).flat());
      await redis.save();
      const before = await listing('strict');
      const facts = await restore(attached, name, options);
      await whenReady(attached);
      // The port that the engine publishes is another one after each start.
      redis = await connect('strict');
      expect(facts['leftBeside']).toContain('users.acl');
      expect(await redis.dbsize()).toBeGreaterThanOrEqual(50);
      expect(await redis.call('ACL', 'USERS')).toContain('app');
      await redis.call('ACL', 'SAVE');
      await redis.save();
      await redis.bgrewriteaof();
      await expect
        .poll(async () => /aof_rewrite_in_progress:0/.test(await redis.info('persistence')))
        .toBe(true);
      expect(await redis.info('persistence')).toMatch(/aof_last_bgrewrite_status:ok/);
      expect(await listing('strict')).toEqual(before);
      await redis.flushall();
    },
  );
});

describe('fenced on a read-only root, into which nobody can put a file', () => {
  const killed = async (name: string): Promise<void> => {
    const before = await service(name).state();
    await service(name).signalFromHost('SIGKILL');
    await expect
      .poll(
        async () => {
          const { status, startedAt } = await service(name).state();
          return status === 'exited' || startedAt !== before.startedAt;
        },
        { timeout: 60_000 },
      )
      .toBe(true);
  };
  const write = async (name: string): Promise<string> =>
    (await service(name).exec(['redis-cli', 'SET', 'user:fence', '1'])).stdout.trim();

  test(fences.inBand, async () => {
    const attached = await attach('strict');
    await whenReady(attached);
    expect(await write('strict')).toBe('OK');
    expect(await attached.actions['fence']!({})).toMatchObject({ how: 'in band', atStart: 'kept down' });
    expect(await write('strict')).toMatch(/^NOREPLICAS/);
    await killed('strict');
    expect(await service('strict').state()).toMatchObject({ status: 'exited' });
    expect(await attached.checks['refuses-writes']!.after(null)).toMatchObject({
      verdict: 'pass',
      facts: { status: 'exited' },
    });
    expect(await attached.actions['reopen']!({})).toEqual({ started: true, needsReplicas: '0' });
    expect(await write('strict')).toBe('OK');
    await killed('strict');
    await whenReady(attached);
    expect(await write('strict'), 'its restart policy is as before').toBe('OK');
  });

  test(fences.outOfBand, async () => {
    const attached = await attach('strict');
    await service('strict').pause();
    expect(await attached.actions['fence']!({})).toMatchObject({
      how: 'out of band',
      atStart: 'kept down',
      status: 'exited',
    });
    expect(await attached.actions['reopen']!({})).toEqual({ started: true, needsReplicas: '0' });
    expect(await write('strict')).toBe('OK');
  });
});

describe('without a restart policy, on the volume that the image declares', () => {
  test(fences.lostVolume, async () => {
    const attached = await attach('anonymous');
    const redis = await connect('anonymous');
    await redis.mset('user:1', 'a', 'user:2', 'b');
    const point = receiver.artifact('rdb', await takeBackup(attached.backups['rdb']!, receiver, {}));
    await loseEverything(attached);
    expect((await service('anonymous').state()).status).toBe('exited');
    const facts = await attached.backups['rdb']!.restore!(point, recordingContext());
    expect(facts).toMatchObject({ order: 'copy', keysInSnapshot: 2, keysLoaded: 2 });
    expect(await (await connect('anonymous')).get('user:2')).toBe('b');
  });
});

describe("in the container's own layer", () => {
  test(fences.ownLayer, async () => {
    const attached = await attach('layer');
    const redis = await connect('layer');
    await redis.mset('user:1', 'a', 'user:2', 'b');
    const { startedAt } = await service('layer').state();
    await expect(restore(attached, 'rdb')).rejects.toMatchObject({
      trouble: 'environment',
      message: 'the data of layer is on no volume',
    });
    expect((await service('layer').state()).startedAt).toBe(startedAt);
    expect(await redis.get('user:2')).toBe('b');
  });
});

describe('started again by its policy after a restore', () => {
  const start = '/usr/local/sbin/redis-server';
  /** Found before the real program, as an operator's own start script would be. */
  const startedBy = (script: string): Promise<void> =>
    service('again').putFile(start, `#!/bin/sh\n${script}`, { mode: 0o755 });
  const real = 'PATH=/usr/local/bin:/usr/bin:/bin exec redis-server "$@"';
  let attached: Attached;
  beforeAll(async () => {
    attached = await attach('again');
    open.splice(0);
  });
  afterAll(() => attached?.close());

  test(starts.endsAgain, async () => {
    await (await connect('again')).mset('user:1', 'a', 'user:2', 'b');
    await startedBy(`${real} --no-such-setting 1\n`);
    await expect(restore(attached, 'rdb')).rejects.toMatchObject({
      trouble: 'environment',
      found: expect.stringMatching(
        /it ended \d times with code 1; its last lines:[^]*no-such-setting/,
      ) as string,
    });
    await startedBy(`${real}\n`);
    await whenReady(attached);
    expect(await (await connect('again')).get('user:2')).toBe('b');
  });

  test(starts.comesUp, async () => {
    await (await connect('again')).mset('user:1', 'a', 'user:2', 'b');
    await startedBy(`echo >> /data/starts; [ "$(wc -l < /data/starts)" -le 2 ] && exit 1\n${real}\n`);
    expect(await restore(attached, 'rdb')).toMatchObject({ keysInSnapshot: 2, keysLoaded: 2 });
    expect((await service('again').exec(['wc', '-l', '/data/starts'])).stdout).toMatch(/^3 /);
  });
});
