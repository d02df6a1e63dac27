import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Artifact, BackupMethod } from '../../core/backup.ts';
import { recordingContext, takeBackup } from '../suites/artifact.ts';
import { oneReceiver, oneServer } from '../support/server-rig.ts';
import { loseEverything, redisStackUp } from './redis-stack.ts';
import { whenReady } from '../suites/suite.ts';

const { stack, attached } = oneServer(redisStackUp, (stack) => stack.attach('redis'));
const receiver = oneReceiver();
beforeEach(async () => {
  await whenReady(attached);
  await (await stack.connect('redis')).flushall();
});

const restore = (method: BackupMethod, artifact: Artifact) => method.restore!(artifact, recordingContext());

describe('checks across a recovery', () => {
  const check = (name: string) => attached.checks[name]!;

  test.for(['rdb', 'aof'])(
    'expiries are kept by %s, and keys whose time came meanwhile are counted apart',
    async (name) => {
      const baseline = await check('ttl').before!();
      const point = receiver.artifact(name, await takeBackup(attached.backups[name]!, receiver, {}));
      await loseEverything(attached);
      await restore(attached.backups[name]!, point);
      await expect
        .poll(
          async () =>
            ((await check('ttl').after(baseline)).facts as { own: { expired: number } }).own.expired,
          { timeout: 20_000 },
        )
        .toBeGreaterThan(5);
      expect(await check('ttl').after(baseline)).toMatchObject({
        verdict: 'pass',
        facts: { own: { lost: 0, wrong: 0, late: 0 } },
      });
    },
  );

  test('expiries are red when the keys are lost, or live longer than they should', async () => {
    const baseline = await check('ttl').before!();
    const admin = await stack.connect('redis');
    await admin.pexpire('muster-drill:redis:ttl:1', 999_999_999);
    expect(await check('ttl').after(baseline)).toMatchObject({
      verdict: 'fail',
      facts: { own: { wrong: 1 } },
    });
    await loseEverything(attached);
    const lost = await check('ttl').after(baseline);
    expect(lost).toMatchObject({ verdict: 'fail' });
    expect((lost.facts as { own: { lost: number } }).own.lost).toBeGreaterThan(150);
  });

  test('a snapshot holds keys whose time comes between loading and writing: they are gone by right, and none is called missing', async () => {
    const service = stack.service('redis');
    const switchedOn = '[ "$(cli config set appendonly yes)"';
    const admin = await stack.connect('redis');
    const now = Number((await admin.time())[0]);
    // The first is due when even a busy machine has loaded them all; it is written when some dozens are.
    const [dueAt, writtenAt] = [now + 15, now + 18];
    let slowed = 0;
    const slowly = (word: string): string => {
      slowed += word.split(switchedOn).length - 1;
      return word.replace(
        switchedOn,
        `while [ "$(date +%s)" -lt ${writtenAt} ]; do sleep 0.1; done; ${switchedOn}`,
      );
    };
    const busy = await stack.attach('redis', {
      ...service,
      helper: async (options) => {
        const helper = await service.helper(options);
        return { ...helper, exec: (argv, execOptions) => helper.exec(argv.map(slowly), execOptions) };
      },
    });
    for (let n = 0; n < 400; n += 1) await admin.set(`due:${n}`, 'soon gone', 'PXAT', dueAt * 1000 + n * 50);
    const point = receiver.artifact('rdb', await takeBackup(busy.backups['rdb']!, receiver, {}));
    const { keysExpired, keysLoaded, ...facts } = (await restore(busy.backups['rdb']!, point)) as Record<
      string,
      number
    >;
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
    [
      'a setting that decides about durability',
      ['CONFIG', 'SET', 'appendfsync', 'no'],
      ['CONFIG', 'SET', 'appendfsync', 'always'],
    ],
    [
      'a user who is new',
      ['ACL', 'SETUSER', 'mallory', 'on', 'nopass', '+@all', '~*'],
      ['ACL', 'DELUSER', 'mallory'],
    ],
    [
      'a user whose rules changed',
      ['ACL', 'SETUSER', 'default', '-@dangerous', '+acl', '+config', '+info'],
      ['ACL', 'SETUSER', 'default', '+@all'],
    ],
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

  /** One of each kind, in databases that tools forget. */
  const filled = async (): Promise<Redis> => {
    const admin = await stack.connect('redis');
    await admin.set('user:1', 'a');
    await admin.select(5);
    await admin.set('text:1', 'whole');
    await admin.rpush('queue:mail', 'first', 'second');
    await admin.sadd('set:1', 'x', 'y');
    await admin.zadd('board:1', 1, 'a', 2, 'b');
    await admin.hset('hash:1', 'name', 'value', 'token', 'secret');
    await admin.call('HPEXPIRE', 'hash:1', '86400000', 'FIELDS', '1', 'token');
    await admin.xadd('events:1', '1-1', 'kind', 'made');
    await admin.xadd('events:1', '2-1', 'kind', 'sent');
    await admin.xgroup('CREATE', 'events:1', 'workers', '0');
    await admin.call('XREADGROUP', 'GROUP', 'workers', 'one', 'COUNT', '1', 'STREAMS', 'events:1', '>');
    await admin.call(
      'FUNCTION',
      'LOAD',
      'REPLACE',
      "#!lua name=shop\nredis.register_function('price', function() return 1 end)",
    );
    return admin;
  };

  test.for<[string, string[][], RegExp]>([
    [
      'a key of another database that is gone',
      [['DEL', 'queue:mail']],
      /database 5: queue \(list\).*1 of them missing/,
    ],
    ['a whole database that is gone', [['FLUSHDB']], /database 5: text/],
    ['another value', [['SET', 'text:1', 'torn']], /database 5: text \(string\): 1 keys with another value/],
    [
      'another type',
      [
        ['DEL', 'text:1'],
        ['RPUSH', 'text:1', 'whole'],
      ],
      /database 5: text \(string\)/,
    ],
    [
      'another order of a list',
      [
        ['RPUSH', 'queue:mail', 'first'],
        ['LPOP', 'queue:mail'],
      ],
      /queue \(list\): 1 keys with another value/,
    ],
    ['a member of a set', [['SREM', 'set:1', 'x']], /set \(set\): 1 keys/],
    ['a score', [['ZADD', 'board:1', '3', 'a']], /board \(zset\): 1 keys/],
    ['a field that is gone', [['HDEL', 'hash:1', 'name']], /hash \(hash\): 1 keys/],
    [
      'a field that expires no more',
      [['HPERSIST', 'hash:1', 'FIELDS', '1', 'token']],
      /hash \(fields of a hash\): 1 fields/,
    ],
    [
      'a field that expires at another time',
      [['HPEXPIRE', 'hash:1', '90000000', 'FIELDS', '1', 'token']],
      /hash \(fields of a hash\): 1 fields/,
    ],
    ['an entry of a stream', [['XDEL', 'events:1', '2-1']], /events \(stream\): 1 keys/],
    ['a group of a stream', [['XGROUP', 'DESTROY', 'events:1', 'workers']], /events \(stream\): 1 keys/],
    [
      'what a group has not acknowledged',
      [['XACK', 'events:1', 'workers', '1-1']],
      /events \(stream\): 1 keys/,
    ],
    ['a consumer', [['XGROUP', 'CREATECONSUMER', 'events:1', 'workers', 'two']], /events \(stream\): 1 keys/],
    [
      'a key that begins to expire',
      [['EXPIRE', 'text:1', '1000']],
      /database 5: text \(string\): 1 keys that never expired and now do/,
    ],
    ['a library of functions', [['FUNCTION', 'DELETE', 'shop']], /functions of library shop: gone/],
  ])('the inventory shows %s', async ([, spoil, says]) => {
    const admin = await filled();
    const baseline = await check('inventory').before!();
    expect(await check('inventory').after(baseline)).toMatchObject({ verdict: 'pass' });
    for (const [name, ...args] of spoil) await admin.call(name!, ...args);
    expect(await check('inventory').after(baseline)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(says),
    });
  });

  test.for(['rdb', 'aof'])('everything is as before after %s: no false alarm', async (name) => {
    await filled();
    const baseline = await check('inventory').before!();
    const point = receiver.artifact(name, await takeBackup(attached.backups[name]!, receiver, {}));
    await loseEverything(attached);
    await restore(attached.backups[name]!, point);
    const outcome = await check('inventory').after(baseline);
    expect(outcome).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('7 keys of the application in 2 databases'),
    });
  });

  test.for<[string, string[], string[]]>([
    ['a database that was emptied', ['FLUSHALL'], ['database 0 is empty']],
    ['not a key that an application removed', ['DEL', 'cart:1'], []],
  ])('the inventory says what is gone as a whole: %s', async ([, [command, ...rest], gone]) => {
    const admin = await stack.connect('redis');
    await admin.mset('cart:1', 'a', 'cart:2', 'b');
    const baseline = await check('inventory').before!();
    await admin.call(command!, ...rest);
    expect(await check('inventory').after(baseline)).toMatchObject({ verdict: 'fail', gone });
  });
  test('an inventory of nothing says so, and is no pass', async () => {
    const admin = await stack.connect('redis');
    await admin.call('FUNCTION', 'FLUSH');
    await admin.set('muster-drill:redis:1', 'our own');
    const baseline = await check('inventory').before!();
    expect(await check('inventory').after(baseline)).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringContaining('0 keys of the application'),
    });
  });

  test('what may not be read is named, and is no pass', async () => {
    const admin = await filled();
    await admin.call('ACL', 'SETUSER', 'default', '-acl', '-function', '-xinfo');
    const limited = await check('inventory').before!();
    const outcome = await check('inventory').after(limited);
    await loseEverything(attached);
    expect(outcome).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(/could not be read:.*type stream.*users.*functions/),
    });
  });
});

describe('a primary that answers', () => {
  test.for<[string, string[], string[]]>([
    [
      'has too few replicas for a write',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
    ['has no memory for a write', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['holds writes back', ['CLIENT', 'PAUSE', '600000', 'WRITE'], ['CLIENT', 'UNPAUSE']],
  ])(
    'and %s is not ready, and is again when that is over',
    async ([, [close, ...closeWith], [open, ...openWith]]) => {
      const admin = await stack.connect('redis');
      await admin.call(close!, ...closeWith);
      try {
        expect(await attached.ready()).toBe(false);
      } finally {
        await admin.call(open!, ...openWith);
      }
      await whenReady(attached);
      expect(await admin.dbsize(), 'asking leaves nothing').toBe(0);
    },
  );
});
