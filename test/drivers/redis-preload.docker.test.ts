import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import { assertModules } from '../../drivers/redis/preload.ts';
import { openServer, persistenceOf } from '../../drivers/redis/server.ts';
import { recordingContext, takeBackup } from '../suites/artifact.ts';
import { oneReceiver } from '../support/server-rig.ts';
import { redisPairUp, type RedisPair } from './redis-pair.ts';
import { whenReady } from '../suites/suite.ts';

/** What loads the snapshot beforehand must be able to load what the service itself can. */
let pair: RedisPair;
let east: Attached;
const receiver = oneReceiver();

beforeAll(async () => {
  pair = await redisPairUp('preload');
});
afterAll(async () => {
  await east?.close();
  await pair?.down();
});

describe('a snapshot of a server with more databases than Redis begins with', () => {
  test('is loaded with all of them', async () => {
    await pair.startedWith('east', '--databases 32');
    east = await pair.attach('east');
    const admin = await pair.connect('east');
    await admin.select(20);
    await admin.set('user:1', 'a');
    const rdb = east.backups['rdb']!;
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    await admin.flushall();
    expect(await rdb.restore!(point, recordingContext())).toMatchObject({
      order: 'preload',
      keysInSnapshot: 1,
      keysLoaded: 1,
    });
    await whenReady(east);
    const again = await pair.connect('east');
    await again.select(20);
    expect(await again.get('user:1')).toBe('a');
  });
});

test('a module that the image lacks is named before anything is changed', async () => {
  const helper = await pair.service('redis').helper({ volumes: true, network: 'none' });
  try {
    const server = openServer({ endpoint: () => pair.service('redis').endpoint(6379) });
    const persistence = await persistenceOf(server).finally(() => server.close());
    await expect(assertModules(helper, persistence)).resolves.toBeUndefined();
    const modules = [{ path: '/usr/local/lib/redis/modules/nowhere.so', args: ['SIZE', '10'] }];
    await expect(assertModules(helper, { ...persistence, modules })).rejects.toMatchObject({
      trouble: 'environment',
      message: 'a module that the service has loaded is not in its image',
      found: 'nothing at /usr/local/lib/redis/modules/nowhere.so',
    });
  } finally {
    await helper.remove();
  }
});
