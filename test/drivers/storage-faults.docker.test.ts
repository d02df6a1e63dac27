import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { Proof } from '../../core/active-fault.ts';
import type { Service } from '../../core/service.ts';
import wipeVolume from '../../faults/storage/wipe-volume.ts';
import { inertService } from '../suites/inert-service.ts';
import { killedByOom } from '../support/out-of-memory.ts';
import { emptyVolume } from './empty-volume.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';
import { damageFileOf, suffer } from '../support/suffer.ts';

// What the faults of storage and process claim beyond the conformance suite, and what their witnesses must
// not be fooled by.
let stack: RedisStack;
let attached: Attached;
const open: Attached[] = [];
const on = async (service: Service): Promise<Attached> => {
  const found = await stack.attach('redis', service);
  open.push(found);
  return found;
};
const ready = (): Promise<void> =>
  expect
    .poll(() => attached.ready(), { timeout: 30_000 })
    .toBe(true)
    .then(() => undefined);
const factsOf = (proof: Proof | null): Record<string, unknown> => proof?.facts as Record<string, unknown>;

beforeAll(async () => {
  stack = await redisStackUp();
  attached = await on(stack.service('redis'));
}, 300_000);
// Started by hand, the engine forgets how often it died, and waits less.
beforeEach(async () => {
  await stack.service('redis').stop(0);
  await stack.service('redis').start();
  await ready();
});
afterAll(async () => {
  for (const each of open) await each.close();
  await stack?.down();
}, 60_000);

describe('wipe-volume as any folder of data suffers it', () => {
  test('is seen from beside: the process is gone, and what was left in the folder with it', async () => {
    await (await stack.connect('redis')).set('held', 'before');
    const { witness, undo } = await wipeVolume.inject(attached.data!, {}, { seed: 1 });
    const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 30_000 }, witness);
    expect(proof?.what).toMatch(/process \d+ is gone.*does not hold the file any more/);
    await undo.run();
    expect(await undo.healed(), 'only a recovery brings it back').toBeNull();
    await ready();
    expect(await (await stack.connect('redis')).exists('held')).toBe(0);
  });

  test('its witness is not fooled by a crash that left the folder as it was', async () => {
    const service = stack.service('redis');
    const inert = await on(inertService(service));
    const { witness, undo } = await wipeVolume.inject(inert.data!, {}, { seed: 1 });
    await service.signalFromHost('SIGKILL');
    await expect.poll(async () => (await service.state()).status, { timeout: 15_000 }).toBe('running');
    expect(await witness()).toBeNull();
    await undo.run();
    await ready();
  });
});

test('a deleted file that the server holds open shows nothing until a restart, and the witness says so', async () => {
  const connection = await stack.connect('redis');
  await connection.set('kept', 'in memory');
  const { witness, undo } = await damageFileOf(attached, {
    file: 'log',
    how: 'delete',
    restart: false,
    seed: 1,
  });
  const hidden = await witness();
  expect(hidden?.what).toMatch(/not in its folder any more; process \d+ still holds it open/);
  expect(factsOf(hidden)['heldOpen']).toBe(true);
  // The trap: reading and writing go on as if nothing had happened.
  expect(await connection.set('written', 'into nothing')).toBe('OK');
  expect(await connection.get('kept')).toBe('in memory');
  await stack.service('redis').signalFromHost('SIGKILL');
  await expect.poll(async () => factsOf(await witness())['heldOpen'], { timeout: 30_000 }).toBe(false);
  // Now it shows: the server does not find its own log and does not come up.
  await expect
    .poll(() => stack.service('redis').logs(40), { timeout: 30_000 })
    .toMatch(/appendonly\.aof\.\d+\.incr\.aof .*No such file/);
  expect(await attached.ready()).toBe(false);
  await undo.run();
  expect(await undo.healed(), 'only a recovery brings it back').toBeNull();
  await emptyVolume(stack.service('redis'));
  await ready();
});

test('an empty file cannot be damaged: it is refused, and the process is left alone', async () => {
  const before = await stack.service('redis').state();
  await expect(
    damageFileOf(attached, { file: 'log', how: 'truncate', keep: 0.5, restart: true, seed: 1 }),
  ).rejects.toThrow('is empty');
  expect(await stack.service('redis').state()).toEqual(before);
});

describe('kill-loop', () => {
  test('kills as often as it is told, then the restart policy wins', async () => {
    const { restarts } = await stack.service('redis').state();
    const { witness, undo } = await suffer(attached, 'kill-loop', { times: 4 });
    await expect
      .poll(async () => (await stack.service('redis').state()).restarts - restarts, { timeout: 30_000 })
      .toBe(4);
    expect(await witness()).not.toBeNull();
    await ready();
    const { pid } = await stack.service('redis').state();
    await undo.run();
    expect((await stack.service('redis').state()).pid, 'nothing kills it any more').toBe(pid);
    expect(await undo.healed()).toBe(true);
  });

  test('its undo ends it in the middle', async () => {
    const { undo } = await suffer(attached, 'kill-loop', { times: 50 });
    await undo.run();
    await expect.poll(() => undo.healed(), { timeout: 30_000 }).toBe(true);
    await ready();
    const { restarts } = await stack.service('redis').state();
    expect(
      await pollUntil(
        systemClock,
        { everyMs: 50, deadlineMs: 1_500 },
        async () => (await stack.service('redis').state()).restarts > restarts,
      ),
      'killed after the undo',
    ).toBeNull();
  });

  test('a single crash is no loop: its witness is not fooled', async () => {
    const service = stack.service('redis');
    let sent = 0;
    const once = {
      ...service,
      signalFromHost: async (signal: 'SIGKILL') =>
        (sent += 1) === 1 ? service.signalFromHost(signal) : undefined,
    } as Service;
    const { witness, undo } = await suffer(await on(once), 'kill-loop', { times: 3 });
    expect(await pollUntil(systemClock, { everyMs: 50, deadlineMs: 2_000 }, witness)).toBeNull();
    await undo.run();
    await ready();
  });
});

describe('memory-limit', () => {
  const limitOf = async (): Promise<number> =>
    Number(
      (
        await stack
          .service('redis')
          .exec([
            'sh',
            '-c',
            'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes',
          ])
      ).stdout.replace('max', 'Infinity'),
    );

  test('the kernel holds the limit until the undo, across the restart', async () => {
    const { witness, undo, facts } = await suffer(attached, 'memory-limit');
    const { limitBytes } = facts as { limitBytes: number };
    const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 15_000 }, witness);
    expect(proof?.what).toMatch(/OOM kill/);
    await expect
      .poll(async () => (await stack.service('redis').state()).status, { timeout: 15_000 })
      .toBe('running');
    // A command in a container that has no memory left may be the next that the kernel ends.
    await expect
      .poll(async () => Math.abs((await limitOf()) - limitBytes), { timeout: 15_000 })
      .toBeLessThan(4_096);
    expect(await undo.healed()).toBe(false);
    await undo.run();
    await expect.poll(limitOf, { timeout: 15_000 }).toBeGreaterThan(1024 ** 4);
    expect(await undo.healed()).toBe(true);
    await ready();
  });

  test('an engine that forgot it at the restart is no loss: it told of it', async () => {
    const service = stack.service('redis');
    const deaf = { ...service, state: async () => ({ ...(await service.state()), oomKilled: false }) };
    const { witness, undo } = await suffer(await on(deaf), 'memory-limit');
    expect((await pollUntil(systemClock, { everyMs: 50, deadlineMs: 15_000 }, witness))?.what).toMatch(
      /the engine tells of \d+ OOM kills in its control group/,
    );
    await undo.run();
    await ready();
  });

  test('a crash by another hand is no OOM: its witness is not fooled', async () => {
    const service = stack.service('redis');
    const { witness, undo } = await suffer(
      await on({ ...service, limitMemory: async () => undefined }),
      'memory-limit',
    );
    await service.signalFromHost('SIGKILL');
    await expect.poll(async () => (await service.state()).status, { timeout: 15_000 }).toBe('running');
    expect(await witness()).toBeNull();
    await undo.run();
    await ready();
  });

  test('what the kernel ends in another container is no OOM kill of this one', async () => {
    const service = stack.service('redis');
    const { witness, undo } = await suffer(
      await on({ ...service, limitMemory: async () => undefined }),
      'memory-limit',
    );
    await killedByOom(service.image.reference);
    await service.signalFromHost('SIGKILL');
    await expect.poll(async () => (await service.state()).status, { timeout: 15_000 }).toBe('running');
    expect(await witness()).toBeNull();
    await undo.run();
    await ready();
  });
});

describe('encrypt-volume', () => {
  test('what is left has no pattern, and the server has nothing to read', async () => {
    const service = stack.service('redis');
    const connection = await stack.connect('redis');
    await connection.set('ransomed', 'a'.repeat(200_000));
    const { witness, undo, facts } = await suffer(attached, 'encrypt-volume');
    expect((facts as { files: number }).files).toBeGreaterThan(2);
    expect(await pollUntil(systemClock, { everyMs: 100, deadlineMs: 30_000 }, witness)).not.toBeNull();
    const helper = await service.helper({ network: 'none', volumes: true });
    const { stdout } = await helper.exec([
      'sh',
      '-c',
      'cat /data/appendonlydir/*.muster-locked | gzip -c | wc -c; cat /data/appendonlydir/*.muster-locked | wc -c',
    ]);
    await helper.remove();
    const [packed, plain] = stdout.trim().split('\n').map(Number);
    expect(plain).toBeGreaterThan(200_000);
    expect(packed, 'does not compress').toBeGreaterThan(plain!);
    expect(await undo.healed(), 'the ransomed files are still there').toBe(false);
    await undo.run();
    expect(await undo.healed()).toBeNull();
    await emptyVolume(service);
    await ready();
  });
});
