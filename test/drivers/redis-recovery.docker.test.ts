import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { Artifact, BackupMethod, Consistency } from '../../core/backup.ts';
import type { DataWorkload } from '../../core/workload.ts';
import { OperationError } from '../../core/ledger.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../suites/artifact.ts';
import { inertService } from '../suites/inert-service.ts';
import { History, readAll } from '../suites/workload-history.ts';
import { loseEverything, redisStackUp, type RedisStack } from './redis-stack.ts';
import { suffer } from '../support/suffer.ts';
import { whenReady } from '../suites/suite.ts';

let stack: RedisStack;
let attached: Attached;
let workload: DataWorkload;
let receiver: Receiver;
let rdb: BackupMethod;
let aof: BackupMethod;

beforeAll(async () => {
  stack = await redisStackUp();
  attached = await stack.attach('redis');
  workload = attached.workload as DataWorkload;
  rdb = attached.backups['rdb']!;
  aof = attached.backups['aof']!;
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

async function fill(records: number): Promise<void> {
  const client = await workload.open();
  for (let id = 0; id < records; id += 4)
    await client.write([id, id + 1, id + 2, id + 3], ['a', 'b', 'c', 'd']);
  await client.close();
}

const restore = (method: BackupMethod, artifact: Artifact, options: Record<string, unknown> = {}) =>
  method.restore!(artifact, recordingContext([], options));

describe('an RDB beside an append-only file', () => {
  test('put in place as it is loads nothing: the mistake that the other orders avoid', async () => {
    await fill(400);
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    await loseEverything(attached);
    expect(await restore(rdb, point, { order: 'copy' })).toMatchObject({
      order: 'copy',
      keysInSnapshot: 400,
      keysLoaded: 0,
    });
    expect((await readAll(workload)).size).toBe(0);
    expect(await restore(rdb, point)).toMatchObject({ order: 'preload', keysLoaded: 400 });
    expect((await readAll(workload)).size).toBe(400);
  });

  test('survives the restart after the restore, in every right order', async () => {
    await fill(40);
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    for (const order of ['preload', 'base']) {
      await loseEverything(attached);
      await restore(rdb, point, { order });
      await fill(80);
      await (await suffer(attached, 'crash')).undo.run();
      await whenReady(attached);
      expect((await readAll(workload)).size, order).toBe(80);
    }
  });

  test('of a newer server, or an unknown order, is refused and nothing is touched', async () => {
    await fill(40);
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    const { startedAt } = await stack.service('redis').state();
    await expect(restore(rdb, { ...point, server: 'Redis 99.0.0' })).rejects.toThrow('newer server');
    await expect(restore(rdb, { ...point, files: [] })).rejects.toThrow('no snapshot');
    await expect(restore(rdb, point, { order: 'backwards' })).rejects.toThrow();
    expect((await stack.service('redis').state()).startedAt).toBe(startedAt);
    expect((await readAll(workload)).size).toBe(40);
  });

  test('keeps the damaged data aside, for whoever asks what happened', async () => {
    await fill(40);
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    expect(await restore(rdb, point)).toMatchObject({ keptAside: true });
    const { stdout } = await stack
      .service('redis')
      .exec(['sh', '-c', 'ls /data/muster-aside-*/appendonlydir']);
    expect(stdout).toContain('appendonly.aof.manifest');
    await loseEverything(attached);
  });
});

describe('under load', () => {
  test.for(['rdb', 'aof'])(
    '%s holds everything acknowledged before its consistency point, and no half group',
    async (name) => {
      const history = new History(workload, 0);
      const acknowledgedAt = new Map<number, number>();
      const client = await workload.open();
      let going = true;
      const writing = (async () => {
        for (let id = 1_000_000; going; id += 4) {
          await client.write([id, id + 1, id + 2, id + 3], ['w', 'w', 'w', 'w']);
          acknowledgedAt.set(id, systemClock.nowMs());
        }
      })();
      await history.start(4, 50);
      await expect.poll(() => history.acknowledged, { timeout: 10_000 }).toBeGreaterThan(500);
      const consistency: Consistency = await takeBackup(attached.backups[name]!, receiver, {});
      const after = history.acknowledged;
      await expect.poll(() => history.acknowledged, { timeout: 10_000 }).toBeGreaterThan(after + 200);
      going = false;
      await writing;
      await history.stop();
      await client.close();
      await loseEverything(attached);
      await restore(attached.backups[name]!, receiver.artifact(name, consistency));
      const read = await readAll(workload);
      const before = [...acknowledgedAt].filter(([, at]) => at < consistency.atMs).map(([id]) => id);
      const later = [...acknowledgedAt.keys()].filter((id) => !read.has(id));
      expect(before.length, 'something was acknowledged before the point').toBeGreaterThan(50);
      expect(later.length, 'something was written after the copy').toBeGreaterThan(50);
      expect(
        before.filter((id) => !read.has(id)),
        'acknowledged before the point and missing',
      ).toEqual([]);
      expect(history.violations(read, false)).toEqual([]);
    },
  );

  test('a crash in the middle of groups leaves each whole or not at all', async () => {
    // Large enough that the server reads a group in several pieces.
    const large = 'x'.repeat(20_000);
    const client = await workload.open();
    let version = 0;
    for (let round = 0; round < 5; round += 1) {
      let failed = false;
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let i = 0; !failed; i = (i + 1) % 10) {
          const value = `${(version += 1)} ${large}`;
          const first = (writer * 10 + i) * 4;
          await client
            .write([first, first + 1, first + 2, first + 3], [value, value, value, value])
            .catch(() => (failed = true));
        }
      });
      const begun = version;
      await expect.poll(() => version - begun, { timeout: 10_000, interval: 5 }).toBeGreaterThan(200);
      const { undo } = await suffer(attached, 'crash');
      await Promise.all(writers);
      await undo.run();
      await whenReady(attached);
      const read = await readAll(workload);
      const torn = [...read.keys()].filter(
        (id) => id % 4 === 0 && [1, 2, 3].some((member) => read.get(id + member) !== read.get(id)),
      );
      expect(torn, 'first ids of torn groups').toEqual([]);
      expect(read.size % 4).toBe(0);
      await expect
        .poll(() =>
          client.read(0).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
    await client.close();
  });

  test('a crash during a backup fails the backup', async () => {
    await fill(4_000);
    const admin = await stack.connect('redis');
    // It would take twenty seconds: by the time that the crash comes, it cannot be over.
    await admin.config('SET', 'rdb-key-save-delay', '5000');
    const failed = expect(takeBackup(rdb, receiver, {})).rejects.toThrow();
    await expect
      .poll(() => admin.info('persistence'), { timeout: 60_000 })
      .toContain('rdb_bgsave_in_progress:1');
    const { undo } = await suffer(attached, 'crash');
    await failed;
    await undo.run();
  });

  test.for([
    ['CONFIG', 'SET', 'min-replicas-to-write', '3'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
  ])('what the server refuses certainly did not happen: %s', async (setting) => {
    const admin = await stack.connect('redis');
    const client = await workload.open();
    await admin.call(setting[0]!, ...setting.slice(1));
    const refused = await client.write([0, 1, 2, 3], ['a', 'b', 'c', 'd']).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OperationError);
    expect((refused as OperationError).certain, String(refused)).toBe(true);
    await admin.call('CONFIG', 'SET', setting[2]!, '0');
    expect((await readAll(workload)).size).toBe(0);
    await client.close();
  });
});

describe('an append-only file', () => {
  const rewriteSetting = async (): Promise<string> =>
    ((await (await stack.connect('redis')).config('GET', 'auto-aof-rewrite-percentage')) as string[])[1]!;

  test('is copied without rewrites, and the setting is put back, also when the copy fails', async () => {
    await fill(400);
    const before = await rewriteSetting();
    let during = '';
    await takeBackup(
      aof,
      {
        ...receiver,
        put: async (name, content) => {
          during = await rewriteSetting();
          return receiver.put(name, content);
        },
      },
      {},
    );
    expect([before, during, await rewriteSetting()]).toEqual(['100', '0', '100']);
    const failing = {
      ...receiver,
      put: async () => {
        throw new Error('the store is full');
      },
    };
    await expect(takeBackup(aof, failing, {})).rejects.toThrow('the store is full');
    expect(await rewriteSetting()).toBe('100');
    const { stdout } = await stack.service('redis').exec(['ls', '-A', '/data']);
    expect(stdout).not.toContain('muster-aof');
  });

  test('is copied after a rewrite that is going on, as is a snapshot', async () => {
    await fill(40_000);
    const admin = await stack.connect('redis');
    await admin.config('SET', 'rdb-key-save-delay', '20');
    await admin.bgrewriteaof();
    const [first, second] = await Promise.all([
      takeBackup(aof, receiver, {}),
      createReceiver().then((other) => takeBackup(rdb, other, {}).finally(() => other.remove())),
      admin.config('SET', 'rdb-key-save-delay', '0'),
    ]);
    expect(first.server).toBe(second.server);
    await loseEverything(attached);
    await restore(aof, receiver.artifact('aof', first));
    expect((await readAll(workload)).size).toBe(40_000);
  });

  test('with one byte of a value changed is valid to Redis, and refused by its digest', async () => {
    await fill(400);
    const point = receiver.artifact('aof', await takeBackup(aof, receiver, {}));
    await receiver.damage((content) => {
      const at = content.lastIndexOf('\r\nd\r\n');
      return at < 0
        ? content
        : Buffer.concat([content.subarray(0, at + 2), Buffer.from('X'), content.subarray(at + 3)]);
    });
    await expect(restore(aof, point)).rejects.toThrow('not what was backed up');
    // Without the digests of the recovery point nothing would have noticed: that is why they are kept.
    const files = await Promise.all(
      receiver
        .artifact('aof', { atMs: 0, position: {}, tool: '', server: point.server })
        .files.map(async (file) => ({ name: file.name, bytes: file.bytes, sha256: await digest(file.path) })),
    );
    await restore(aof, { ...point, facts: { manifest: 'appendonly.aof.manifest', files } });
    expect([...(await readAll(workload)).values()]).toContain('X');
  });

  test('cannot be had from a server that writes none', async () => {
    const plain = await stack.attach('plain');
    await expect(takeBackup(plain.backups['aof']!, receiver, {})).rejects.toThrow('no append-only file');
    await plain.close();
  });
});

async function digest(path: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  const { readFile } = await import('node:fs/promises');
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('the witness of a lost volume', () => {
  const seenBy = async (over: Parameters<typeof inertService>[1], deadlineMs = 2_000): Promise<unknown> => {
    await fill(40);
    const other = await stack.attach('redis', inertService(stack.service('redis'), over));
    const inflicted = await suffer(other, 'wipe-volume');
    const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs }, () => inflicted.witness());
    await other.close();
    return proof;
  };

  test('is not satisfied by a process that died on a volume that is whole', async () => {
    expect(
      await seenBy({ process: false, command: (argv) => argv.join(' ').includes('-delete') }),
    ).toBeNull();
  });

  test('is not satisfied by a volume that was emptied under a process that lives', async () => {
    expect(await seenBy({ process: true, command: () => false })).toBeNull();
    await loseEverything(attached);
  });

  test('is satisfied by both', async () => {
    expect(await seenBy({ process: false, command: () => false }, 60_000)).not.toBeNull();
  });
});
