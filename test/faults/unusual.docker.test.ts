import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { DataFolder } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import redisWipeVolume from '../../drivers/redis/faults/wipe-volume.ts';
import redisDriver from '../../drivers/redis/index.ts';
import stop from '../../faults/container/stop.ts';
import partition from '../../faults/network/partition.ts';
import encryptVolume from '../../faults/storage/encrypt-volume.ts';
import wipeVolume from '../../faults/storage/wipe-volume.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { besideVolume } from '../../faults/volume.ts';
import { scratch } from '../support/scratch.ts';
import { leftOf, uniqueDrill } from '../stack/small-stack.ts';
import { attachTo } from '../support/attach-to.ts';

// Services that are set up otherwise than those of the reference stack, as users have them.
const drill = uniqueDrill('unusual');
const context = { seed: 1 };
let stack: Stack;

const image = '${MUSTER_IMAGE_REDIS:-redis:8.0.2}';
/** Writes the same file again and again, in a process that is not the container's first. */
const writer = 'sh -c "while :; do date >> /data/written; done" & wait';
const services = `services:
  behind-init:
    image: ${image}
    init: true
    command: [sh, -c, '${writer}']
    volumes: [behind-init:/data]
  behind-shell:
    image: ${image}
    entrypoint: [sh, -c]
    command: ['${writer}']
    volumes: [behind-shell:/data]
  impatient:
    image: ${image}
    entrypoint: [sh, -c]
    command: ['trap "sleep 3; exit 7" TERM; sleep 3600 & wait']
    stop_grace_period: 0s
  nested:
    image: ${image}
    entrypoint: [sh, -c]
    command: ['touch /data/file /data/deep/below/file; exec sleep 3600']
    volumes: [nested:/data, below:/data/deep/below]
  unpublished:
    image: ${image}
    expose: ["6380", "6379"]
  unheard:
    image: ${image}
    command: [sleep, "3600"]
  redis-nested:
    image: ${image}
    ports: ["127.0.0.1::6379"]
    volumes: [redis-nested:/data, redis-below:/data/deep/below]
volumes:
  redis-nested:
  redis-below:
  behind-init:
  behind-shell:
  nested:
  below:
`;

beforeAll(async () => {
  const file = join(await mkdtemp(join(scratch, 'unusual-')), 'compose.yml');
  await writeFile(file, services);
  const progress = (): void => undefined;
  stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
}, 300_000);
afterAll(async () => {
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
}, 60_000);

const service = (name: string): Service => stack.services.get(name)!;
const dataOf = (name: string): DataFolder => ({
  service: service(name),
  folder: '/data',
  file: () => Promise.reject(new Error('not asked for')),
  restartBy: () => 'kill',
});
const witnessed = ({ witness }: ActiveFault): Promise<Proof | null> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs: 10_000 }, witness);
const filesOf = (name: string): Promise<string[]> =>
  besideVolume(dataOf(name), async (helper) =>
    (await helper.exec(['find', '/data', '-type', 'f'])).stdout.split('\n').filter((each) => each !== ''),
  );

describe.each(['behind-init', 'behind-shell'])('a server %s', { timeout: 120_000 }, (name) => {
  test('writes nothing more to a volume that is being lost or locked', async () => {
    await expect.poll(() => filesOf(name)).toEqual(['/data/written']);
    const locked = await encryptVolume.inject(dataOf(name), {}, context);
    expect(await filesOf(name)).toEqual(['/data/written.muster-locked']);
    expect(await witnessed(locked)).not.toBeNull();
    await service(name).start();
    await expect.poll(() => filesOf(name)).toContain('/data/written');
    const wiped = await wipeVolume.inject(dataOf(name), {}, context);
    expect(await filesOf(name)).toEqual([]);
    expect(await witnessed(wiped)).not.toBeNull();
  });
});

test('a stop gives the time that the compose file gives', { timeout: 60_000 }, async () => {
  const stopped = await stop.inject({ service: service('impatient'), clock: systemClock }, {}, context);
  expect(await witnessed(stopped)).not.toBeNull();
  expect(await service('impatient').state()).toMatchObject({ status: 'exited', exitCode: 137 });
});

test('a volume with another one below it is lost as a whole', { timeout: 60_000 }, async () => {
  await expect.poll(() => filesOf('nested')).toEqual(['/data/file', '/data/deep/below/file']);
  expect(await witnessed(await wipeVolume.inject(dataOf('nested'), {}, context))).not.toBeNull();
  expect(await filesOf('nested')).toEqual([]);
});

test('so is a volume of Redis', { timeout: 60_000 }, async () => {
  const redis = service('redis-nested');
  const attached = await attachTo(redisDriver, { component: 'redis', service: redis, peer: service });
  await redis.exec(['sh', '-c', 'redis-cli set a b; redis-cli save; touch /data/deep/below/file']);
  expect(await filesOf('redis-nested')).toEqual(['/data/dump.rdb', '/data/deep/below/file']);
  const wiped = await redisWipeVolume.inject(attached, {}, context);
  expect(await filesOf('redis-nested')).toEqual([]);
  expect(await witnessed(wiped)).not.toBeNull();
  await attached.close();
});

test('a service that publishes no port is cut off', { timeout: 60_000 }, async () => {
  const target = { service: service('unpublished'), clock: systemClock };
  const cut = await partition.inject(target, { direction: 'both' }, context);
  expect(await witnessed(cut)).toMatchObject({ facts: { port: 6379, connected: 'silent' } });
  await cut.undo.run();
  await expect.poll(() => cut.undo.healed()).toBe(true);
});

test('what nobody can reach is not cut off, since nobody could tell', { timeout: 60_000 }, async () => {
  const target = { service: service('unheard'), clock: systemClock };
  await expect(partition.inject(target, { direction: 'both' }, context)).rejects.toMatchObject({
    message: expect.stringContaining('nobody could tell whether unheard is cut off'),
    found: '6379: refused',
  });
});
