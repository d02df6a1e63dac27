import { beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import type { ActiveFault } from '../../core/active-fault.ts';
import type { DataWorkload } from '../../core/workload.ts';
import { recordingContext, takeBackup } from '../suites/artifact.ts';
import { oneReceiver, oneServer } from '../support/server-rig.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';
import { redisFaults } from './still-there-cases.ts';
import { suffer } from '../support/suffer.ts';
import { whenReady } from '../suites/suite.ts';

// The witness is asked again when the recovery is over: it must see an effect that nobody repaired, and none
// that somebody did.
const { stack, attached } = oneServer(redisStackUp, (stack) => stack.attach('redis'));
const receiver = oneReceiver();
// Started by hand, the engine forgets how often the server died, and waits less.
beforeEach(async () => {
  await stack.service('redis').stop(0);
  await stack.service('redis').start();
  await whenReady(attached);
});

const connected = async <T>(
  work: (redis: Awaited<ReturnType<RedisStack['connect']>>) => Promise<T>,
): Promise<T> => {
  const redis = await stack.connect('redis');
  return work(redis).finally(() => redis.disconnect());
};

/** Another database than number 0 as well: whoever counts by DBSIZE does not see it. */
const threeKeys = (): Promise<unknown> =>
  connected((redis) =>
    redis.multi().flushall().mset('shop:1', 'a', 'shop:2', 'b').select(1).set('queue', 'c').exec(),
  );
const noKeys = (): Promise<unknown> => connected((redis) => redis.flushall());

const inForce = async (inflicted: ActiveFault): Promise<void> => {
  await expect.poll(() => inflicted.witness(), { timeout: 60_000, interval: 50 }).not.toBeNull();
};
const whatIsThere = async ({ stillThere }: ActiveFault): Promise<string | null> =>
  (await stillThere!())?.what ?? null;

describe.each(redisFaults)('$fault of Redis', ({ inflict, says }) => {
  test('is still there where nobody repaired it, and is not once the data is restored', async () => {
    await threeKeys();
    const rdb = attached.backups['rdb']!;
    const point = receiver.artifact('rdb', await takeBackup(rdb, receiver, {}));
    const inflicted = await inflict(attached);
    await inForce(inflicted);
    expect(await whatIsThere(inflicted)).toMatch(says);
    await rdb.restore!(point, recordingContext([], {}));
    await whenReady(attached);
    expect(await whatIsThere(inflicted)).toBeNull();
  });
});

describe('what an application had', () => {
  /** For a drill of its own, which remembers nothing of another one. */
  const anew = async (work: (own: Attached) => Promise<void>): Promise<void> => {
    const own = await stack.attach('redis');
    await work(own).finally(() => own.close());
  };
  const prepared = (own: Attached): Promise<void> => (own.workload as DataWorkload).prepare();

  test.each(['flush-all', 'wipe-volume'])('nothing: after %s the ledger alone judges', (name) =>
    anew(async (own) => {
      await noKeys();
      await prepared(own);
      await connected((redis) => redis.set('muster-drill:redis:1', 'a record of the load'));
      const inflicted = await suffer(own, name);
      await inForce(inflicted);
      expect(inflicted.stillThere).toBeUndefined();
    }),
  );

  test('and what it removed itself before the fault is not missed', () =>
    anew(async (own) => {
      await threeKeys();
      await prepared(own);
      await connected((redis) =>
        redis.multi().del('shop:1', 'shop:2').set('shop:new', 'd').select(1).del('queue').exec(),
      );
      expect((await suffer(own, 'flush-all')).stillThere).toBeUndefined();
    }));

  test('keys that expire soon are not missed', () =>
    anew(async (own) => {
      await noKeys();
      await connected((redis) => redis.set('session:1', 'a', 'EX', 60));
      await prepared(own);
      expect((await suffer(own, 'flush-all')).stillThere).toBeUndefined();
    }));
});

test('a kill-loop that goes on when the recovery is over is still there, and is not once it has ended', async () => {
  const inflicted = await suffer(attached, 'kill-loop', { times: 50 });
  await inForce(inflicted);
  expect(await whatIsThere(inflicted)).toMatch(/killed \d+ times of 50, and will be again/);
  await inflicted.undo.run();
  expect(await whatIsThere(inflicted)).toBeNull();
});
