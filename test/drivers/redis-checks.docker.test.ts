import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import type { Artifact, Attached, BackupMethod } from '../../core/driver.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../suites/artifact.ts';
import { whenReady } from '../suites/driver-conformance.ts';
import { loseEverything, redisStackUp, type RedisStack } from './redis-stack.ts';

let stack: RedisStack;
let attached: Attached;
let receiver: Receiver;

beforeAll(async () => {
  stack = await redisStackUp();
  attached = await stack.attach('redis');
});
afterAll(async () => {
  await attached?.close();
  await stack?.down();
});
beforeEach(async () => {
  receiver = await createReceiver();
  await whenReady(attached);
  await (await stack.connect('redis')).flushall();
});
afterEach(() => receiver.remove());

const restore = (method: BackupMethod, artifact: Artifact) => method.restore!(artifact, recordingContext());

describe('checks across a recovery', () => {
  const check = (name: string) => attached.checks[name]!;

  test.for(['rdb', 'aof'])('expiries are kept by %s, and keys whose time came meanwhile are counted apart', async (name) => {
    const baseline = await check('ttl').before!();
    const point = receiver.artifact(name, await takeBackup(attached.backups[name]!, receiver, {}));
    await loseEverything(attached);
    await restore(attached.backups[name]!, point);
    await expect.poll(async () => ((await check('ttl').after(baseline)).facts as { own: { expired: number } }).own.expired, { timeout: 20_000 }).toBeGreaterThan(5);
    expect(await check('ttl').after(baseline)).toMatchObject({ verdict: 'pass', facts: { own: { lost: 0, wrong: 0, late: 0 } } });
  });

  test('expiries are red when the keys are lost, or live longer than they should', async () => {
    const baseline = await check('ttl').before!();
    const admin = await stack.connect('redis');
    await admin.pexpire('muster:redis:ttl:1', 999_999_999);
    expect(await check('ttl').after(baseline)).toMatchObject({ verdict: 'fail', facts: { own: { wrong: 1 } } });
    await loseEverything(attached);
    const lost = await check('ttl').after(baseline);
    expect(lost).toMatchObject({ verdict: 'fail' });
    expect((lost.facts as { own: { lost: number } }).own.lost).toBeGreaterThan(150);
  });

  test('a snapshot holds keys whose time comes between loading and writing: they are gone by right, and none is called missing', async () => {
    const service = stack.service('redis');
    const switchedOn = '[ "$(cli config set appendonly yes)"';
    let slowed = 0;
    const slowly = (word: string): string => {
      slowed += word.split(switchedOn).length - 1;
      return word.replace(switchedOn, `sleep 2; ${switchedOn}`);
    };
    const busy = await stack.attach('redis', { ...service, helper: async (options) => {
      const helper = await service.helper(options);
      return { ...helper, exec: (argv, execOptions) => helper.exec(argv.map(slowly), execOptions) };
    } });
    const admin = await stack.connect('redis');
    const now = Number((await admin.time())[0]) * 1000;
    for (let n = 0; n < 400; n += 1) await admin.set(`due:${n}`, 'soon gone', 'PXAT', now + 2_000 + n * 50);
    const point = receiver.artifact('rdb', await takeBackup(busy.backups['rdb']!, receiver, {}));
    const { keysExpired, keysLoaded, ...facts } = (await restore(busy.backups['rdb']!, point)) as Record<string, number>;
    await busy.close();
    expect(slowed).toBe(1);
    expect(facts).toMatchObject({ order: 'preload', keysInSnapshot: 400 });
    expect(keysExpired! + keysLoaded!).toBe(400);
    expect(keysExpired).toBeGreaterThan(5);
  });

  test('expiries prove nothing without a baseline', async () => {
    const fresh = await stack.attach('redis');
    expect(await fresh.checks['ttl']!.after(null)).toMatchObject({ verdict: 'inconclusive' });
    expect(await fresh.checks['inventory']!.after(null)).toMatchObject({ verdict: 'inconclusive' });
    await fresh.close();
  });

  test.for<[string, string[], string[]]>([
    ['a setting that decides about durability', ['CONFIG', 'SET', 'appendfsync', 'no'], ['CONFIG', 'SET', 'appendfsync', 'always']],
    ['a user who is new', ['ACL', 'SETUSER', 'mallory', 'on', 'nopass', '+@all', '~*'], ['ACL', 'DELUSER', 'mallory']],
    ['a user whose rules changed', ['ACL', 'SETUSER', 'default', '-@dangerous', '+acl', '+config', '+info'], ['ACL', 'SETUSER', 'default', '+@all']],
    ['a key that never expires and is gone', ['DEL', 'session:1'], ['PING']],
  ])('the inventory shows %s', async ([, spoil, mend]) => {
    const admin = await stack.connect('redis');
    await admin.mset('session:1', 'a', 'session:2', 'b');
    const baseline = await check('inventory').before!();
    expect(await check('inventory').after(baseline)).toMatchObject({ verdict: 'pass' });
    await admin.call(spoil[0]!, ...spoil.slice(1));
    const outcome = await check('inventory').after(baseline);
    await admin.call(mend[0]!, ...mend.slice(1));
    expect(outcome).toMatchObject({ verdict: 'fail' });
    expect(JSON.stringify(outcome)).not.toContain('nopass');
  });
});
