import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import type { DataWorkload } from '../../core/workload.ts';
import { everyFault } from '../../core/registries.ts';
import redis from '../../drivers/redis/index.ts';
import valkey from '../../drivers/valkey/index.ts';
import { faults } from '../../faults/index.ts';
import { recordingContext, takeBackup } from '../suites/artifact.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { inertService } from '../suites/inert-service.ts';
import { readAll } from '../suites/workload-history.ts';
import { whenReady, type FaultCase } from '../suites/suite.ts';
import { oneReceiver } from '../support/server-rig.ts';
import { everything } from '../support/tier.ts';
import { emptyVolume } from './empty-volume.ts';
import { loseEverything } from './redis-stack.ts';
import { act, eventually, judged, restart } from './replica-steps.ts';
import { valkeyStackUp, type ValkeyStack } from './valkey-stack.ts';

// The code is that of Redis and has its tests there: here is what only a server of Valkey can show.
let stack: ValkeyStack;
const open: Attached[] = [];
const attach = async (...which: Parameters<ValkeyStack['attach']>): Promise<Attached> => {
  const attached = await stack.attach(...which);
  open.push(attached);
  return attached;
};

beforeAll(async () => {
  stack = await valkeyStackUp();
});
afterAll(async () => {
  for (const each of open) await each.close();
  await stack?.down();
});

describe('a server of Valkey', { timeout: 120_000 }, () => {
  const receiver = oneReceiver();

  test('is told from one of Redis, whose version it gives to old clients', async () => {
    expect(await stack.cli('valkey', 'INFO', 'server')).toMatch(/^redis_version:7\.2\.4/m);
    expect((await attach('valkey')).server).toMatch(/^Valkey (?!7\.2\.4)\d+\.\d+\.\d+$/);
    await expect(attach('valkey', { driver: redis })).rejects.toMatchObject({
      message: 'this is no server of Redis',
      found: 'valkey, as of Redis 7.2.4',
    });
    await expect(attach('redis')).rejects.toThrow('this is no server of Valkey');
  });

  test('that calls itself Redis to clients, as it did not, is another one to its inventory', async () => {
    const { inventory } = (await attach('valkey')).checks;
    await stack.cli('valkey', 'SET', 'kept', '1');
    const before = await inventory!.before!();
    await stack.cli('valkey', 'CONFIG', 'SET', 'extended-redis-compatibility', 'yes');
    const after = await inventory!.after(before);
    await stack.cli('valkey', 'CONFIG', 'SET', 'extended-redis-compatibility', 'no');
    await stack.cli('valkey', 'DEL', 'kept');
    expect(after, after.detail).toMatchObject({ verdict: 'fail' });
  });

  test.each(['rdb', 'aof'])('%s brings back what was acknowledged', async (method) => {
    const attached = await attach('valkey');
    const workload = attached.workload as DataWorkload;
    const client = await workload.open();
    await client.write([1, 2, 3, 4], ['a', 'b', 'c', 'd']);
    await client.close();
    // A field that expires: Redis and Valkey write it in ways that the other one does not read.
    await stack.cli('valkey', 'HSET', 'session:1', 'lasting', 'a', 'passing', 'b');
    expect(await stack.cli('valkey', 'HEXPIRE', 'session:1', '3600', 'FIELDS', '1', 'passing')).toBe('1');
    const before = await attached.checks['inventory']!.before!();
    const backup = attached.backups[method]!;
    const point = receiver.artifact(method, await takeBackup(backup, receiver, {}));
    await loseEverything(attached);
    await whenReady(attached);
    expect((await readAll(workload)).size).toBe(0);
    await backup.restore!(point, recordingContext());
    expect(await readAll(workload)).toMatchObject({ size: 4 });
    expect(await attached.checks['inventory']!.after(before)).toMatchObject({ verdict: 'pass' });
    expect(await stack.cli('valkey', 'HTTL', 'session:1', 'FIELDS', '1', 'passing')).toMatch(/^3[56]\d\d$/);
  });

  test('does not take what Redis wrote, and nothing is changed', async () => {
    await stack.cli('redis', 'SET', 'of', 'Redis');
    await stack.cli('valkey', 'SET', 'of', 'Valkey');
    const other = await attach('redis', { driver: redis });
    const point = receiver.artifact('rdb', await takeBackup(other.backups['rdb']!, receiver, {}));
    const attached = await attach('valkey');
    const restored = (server: string): Promise<unknown> =>
      attached.backups['rdb']!.restore!({ ...point, server }, recordingContext());
    await expect(restored(point.server)).rejects.toThrow('written by a server of another kind');
    // Whoever says that it was Valkey: the file says what it is.
    await expect(restored(attached.server)).rejects.toMatchObject({
      message: 'the snapshot is not an RDB file that Valkey loads',
      found: expect.stringMatching(/^"REDIS00\d\d"$/) as string,
    });
    expect(await stack.cli('valkey', 'GET', 'of')).toBe('Valkey');
  });
});

/** Healthy, as its last look was good, it may not listen yet. */
async function restartedAndAnswering(name: 'east'): Promise<void> {
  await restart(stack.service(name));
  await eventually(async () => (await stack.cli(name, 'PING')).trim() === 'PONG');
}

/** Each begins where the one before ended. */
function replicaTests(): void {
  describe('two servers of Valkey', { timeout: 120_000 }, () => {
    let [west, east]: Attached[] = [];
    beforeAll(async () => {
      [west, east] = [await attach('valkey'), await attach('east')];
      await stack.cli('valkey', 'FLUSHALL');
      await stack.cli('valkey', 'SET', 'a', '1');
    });

    test('replicate, follows, fence, catch-up, promote, rejoin', async () => {
      await act(east!, 'replicate', { source: 'valkey' });
      expect([await stack.cli('east', 'GET', 'a'), await east!.ready()]).toEqual(['1', true]);
      const follows = east!.checks['follows']!;
      expect(await follows.after(null, null, await follows.justBefore!())).not.toMatchObject({
        verdict: 'fail',
      });
      expect(await act(west!, 'fence')).toMatchObject({ how: 'in band', atStart: 'closed' });
      expect(await act(east!, 'catch-up')).toMatchObject({ source: 'valkey' });
      expect(await act(east!, 'promote')).toMatchObject({ linkBefore: 'up' });
      expect(await stack.cli('east', 'SET', 'b', '2')).toBe('OK');
      expect(await act(west!, 'rejoin', { source: 'east' })).toMatchObject({ source: 'east' });
      expect([await stack.cli('valkey', 'GET', 'b'), await west!.ready()]).toEqual(['2', true]);
    });

    test('one that is started by the name of Redis stays closed after a restart, until it is reopened', async () => {
      expect(await act(east!, 'fence')).toMatchObject({ how: 'in band' });
      await restartedAndAnswering('east');
      expect(await stack.cli('east', 'SET', 'c', '3')).toMatch(/^NOREPLICAS/);
      expect(await judged(east!, 'refuses-writes')).toMatchObject({ verdict: 'pass' });
      await act(east!, 'reopen');
      await restartedAndAnswering('east');
      expect(await stack.cli('east', 'SET', 'c', '3')).toBe('OK');
    });
  });
}

const everyFile: FaultCase[] = [
  { name: 'of the base' },
  { name: 'of the increment', params: { file: 'log' } },
];

if (everything) {
  replicaTests();
  driverConformance({
    driver: valkey,
    name: 'valkey',
    setup: async () => {
      await stack.cli('valkey', 'REPLICAOF', 'NO', 'ONE');
      await emptyVolume(stack.service('valkey'));
      const attached = await attach('valkey');
      await attached.actions['reopen']!({});
      const inert = await attach('valkey', { service: inertService(stack.service('valkey')) });
      return { attached, inert, close: async () => undefined };
    },
    durable: true,
    // FLUSHALL and CONFIG SET go straight to the server.
    inertFaults: Object.keys(everyFault({ faults, drivers: { valkey } })).filter(
      (name) => name !== 'flush-all' && name !== 'closed-for-writes',
    ),
    mend: () => emptyVolume(stack.service('valkey')),
    others: () => stack.others(),
    restores: { rdb: [{}, { order: 'base' }] },
    faults: { 'flip-bits': everyFile, 'truncate-file': everyFile, 'delete-file': everyFile },
    elsewhere: {
      names: ['replicate', 'catch-up', 'promote', 'fence', 'rejoin', 'reopen', 'follows'],
      file: 'drivers/valkey.docker.test.ts',
    },
    checks: {
      'refuses-writes': {
        prepare: async () => void (await stack.cli('valkey', 'CONFIG', 'SET', 'min-replicas-to-write', '9')),
        spoil: async () => void (await stack.cli('valkey', 'CONFIG', 'SET', 'min-replicas-to-write', '0')),
      },
      ttl: { spoil: async () => void (await stack.cli('valkey', 'PERSIST', 'muster-drill:valkey:ttl:1')) },
      inventory: {
        prepare: async () => void (await stack.cli('valkey', 'MSET', 'user:1', 'a', 'user:2', 'b')),
        spoil: async () => void (await stack.cli('valkey', 'DEL', 'user:2')),
      },
    },
    actions: {
      start: {
        params: {},
        prepare: () => stack.service('valkey').stop(),
        seen: async () => ((await stack.service('valkey').state()).status === 'running' ? 'running' : null),
      },
    },
  });
}
