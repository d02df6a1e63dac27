import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { ActiveFault } from '../../core/active-fault.ts';
import type { RegionTarget } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';
import type { LostRegion, Stack } from '../../core/stack.ts';
import regionLost from '../../faults/region/region-lost.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { leftOf, uniqueDrill } from '../stack/small-stack.ts';

const drill = uniqueDrill('region');
const progress = (): void => undefined;
/**
 * `west` has two services, one with a volume; `guest` is in no region, and restarts whatever happens to it.
 */
const compose = `services:
  cache: { image: "\${MUSTER_IMAGE_REDIS:-redis:8.0.2}", command: [redis-server, --appendonly, "yes"], init: true, labels: { muster.region: west }, volumes: ["cache-data:/data"], ports: ["127.0.0.1::6379"], restart: always }
  spare: { image: "\${MUSTER_IMAGE_REDIS:-redis:8.0.2}", init: true, labels: ["muster.region=west"], ports: ["127.0.0.1::6379"], restart: always }
  far: { image: "\${MUSTER_IMAGE_REDIS:-redis:8.0.2}", init: true, labels: { muster.region: east }, ports: ["127.0.0.1::6379"] }
  guest: { image: "\${MUSTER_IMAGE_REDIS:-redis:8.0.2}", init: true, ports: ["127.0.0.1::6379"] }
volumes: { cache-data: }
`;
let folder: string;
let stack: Stack;
let lost: LostRegion | null = null;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-region-'));
  const file = join(folder, 'compose.yml');
  await writeFile(file, compose);
  stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
});
afterAll(async () => {
  await stack?.down();
  await rm(folder, { recursive: true, force: true });
  expect(await leftOf(drill)).toEqual([]);
});

const service = (name: string): Service => stack.services.get(name)!;
const redis = async (at: string, ...argv: string[]): Promise<string> =>
  (await service(at).exec(['redis-cli', ...argv])).stdout.trim();
const from = (at: string, to: string, ...argv: string[]): Promise<string> =>
  service(at)
    .exec(['timeout', '2', 'redis-cli', '-h', to, ...argv])
    .then(({ stdout, stderr }) => (stdout + stderr).trim());
const others = async (): Promise<unknown> =>
  Promise.all(
    ['far', 'guest'].map(async (name) => {
      const { status, pid, startedAt, restarts } = await service(name).state();
      return { name, status, pid, startedAt, restarts };
    }),
  );

const target = (change: Partial<RegionTarget> = {}): RegionTarget => ({
  name: 'west',
  services: ['cache', 'spare'].map(service),
  others: ['far', 'guest'].map(service),
  stores: [],
  aim: async (how) => {
    const aimed = await stack.aimAtRegion('west', how);
    return { strike: async () => (lost = await aimed.strike()) };
  },
  ...change,
});
const inject = (how: 'dead' | 'blackhole', at = target()): Promise<ActiveFault> =>
  regionLost.aim(at, { how }, { seed: 7 }).then((strike) => strike());
const proofOf = (inflicted: ActiveFault): ReturnType<ActiveFault['witness']> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs: regionLost.witnessDeadlineMs }, () =>
    inflicted.witness(),
  );
/** Tries until the service answers, as whoever starts it must. */
const answers = (name: string): Promise<unknown> =>
  expect.poll(() => redis(name, 'ping').catch(() => ''), { timeout: 60_000 }).toBe('PONG');
const heals = async ({ undo }: ActiveFault, as: boolean | null): Promise<void> => {
  const seen = await pollUntil(systemClock, { everyMs: 100, deadlineMs: undo.deadlineMs }, async () =>
    (await undo.healed()) === as ? 'so' : null,
  );
  expect(seen, `healed() says ${String(as)}`).toBe('so');
};

describe('a region that is cut off', () => {
  test('is silent and goes on inside; attempts are counted by who makes them; nothing else is touched; the undo brings it back', async () => {
    await redis('cache', 'set', 'kept', '1');
    const [before, state] = [await others(), await service('cache').state()];
    const inflicted = await inject('blackhole');
    expect((await proofOf(inflicted))!.what).toMatch(
      /^connections to cache:6379, spare:6379 are not answered within 1000 ms and were accepted before; far:6379, guest:6379 accept them as before$/,
    );
    expect(await inflicted.undo.healed(), 'not healed yet').toBe(false);
    expect(await lost!.connectionAttempts(), 'the connections of the witness are left out').toEqual([]);
    expect(await from('guest', 'cache', 'ping')).not.toContain('PONG');
    expect(await lost!.connectionAttempts()).toEqual([
      {
        from: 'guest',
        service: 'cache',
        port: 6379,
        count: expect.any(Number) as number,
        outcome: 'vanished',
      },
    ]);
    const { host, port } = await service('spare').endpoint(6379);
    await fetch(`http://${host}:${port}`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    expect(await lost!.connectionAttempts()).toContainEqual({
      from: 'this machine, by a published port',
      service: 'spare',
      port: 6379,
      count: expect.any(Number) as number,
      outcome: 'vanished',
    });
    expect(await redis('cache', 'set', 'inside', '2'), 'what runs inside goes on').toBe('OK');
    expect(await others()).toEqual(before);
    await inflicted.undo.run();
    await inflicted.undo.run();
    await heals(inflicted, true);
    expect(await from('guest', 'cache', 'mget', 'kept', 'inside')).toBe('1\n2');
    expect(await service('cache').state(), 'the same process').toMatchObject({
      pid: state.pid,
      startedAt: state.startedAt,
    });
  });

  test('has no way back by a restart: who ends in there stays ended, and restarts again afterwards', async () => {
    const inflicted = await inject('blackhole');
    await service('spare').signalFromHost('SIGKILL');
    await expect
      .poll(async () => (await service('spare').state()).status, { timeout: 20_000 })
      .toBe('exited');
    expect(await lost!.inPlace()).toBe(true);
    // The connection that the test before gave up may still be tried by the engine's own forwarding.
    expect(
      (await lost!.connectionAttempts()).filter(
        ({ from: who }) => who !== 'this machine, by a published port',
      ),
    ).toEqual([]);
    await inflicted.undo.run();
    await heals(inflicted, true);
    await service('spare').start();
    await answers('spare');
    await service('spare').signalFromHost('SIGKILL');
    await answers('spare');
  });

  test('whose container was started by somebody is not vouched for: what reached it is not known', async () => {
    const inflicted = await inject('blackhole');
    await service('spare').stop(0);
    await service('spare').start();
    await answers('spare');
    await expect(lost!.connectionAttempts()).rejects.toThrow(
      'spare was started while its region was lost: what reached it since is not known',
    );
    expect(await inflicted.witness(), 'no proof, for it is not gone').toBeNull();
    await inflicted.undo.run();
    await heals(inflicted, true);
  });

  test('comes back at once as well, before anybody has looked', async () => {
    const inflicted = await inject('blackhole');
    await inflicted.undo.run();
    await heals(inflicted, true);
    expect(await from('far', 'cache', 'ping')).toBe('PONG');
  });
});

describe('a region that is dead', () => {
  test('refuses connections by name, has lost its data, stays dead, and is started on empty volumes by the undo', async () => {
    await redis('cache', 'set', 'kept', '1');
    const before = await others();
    const inflicted = await inject('dead');
    expect((await proofOf(inflicted))!.what).toMatch(
      /^connections to cache:6379, spare:6379 are refused and were accepted before; far:6379, guest:6379 accept them as before$/,
    );
    expect(await inflicted.undo.healed(), 'not healed yet').toBe(false);
    expect(await from('guest', 'cache', 'get', 'kept')).toMatch(/Connection refused/);
    expect(await lost!.connectionAttempts()).toEqual([
      {
        from: 'guest',
        service: 'cache',
        port: 6379,
        count: expect.any(Number) as number,
        outcome: 'refused',
      },
    ]);
    await expect(service('cache').exec(['true'])).rejects.toThrow();
    for (const name of ['cache', 'spare']) expect((await service(name).state()).status).toBe('exited');
    expect(await others()).toEqual(before);
    await inflicted.undo.run();
    await inflicted.undo.run();
    await heals(inflicted, null);
    for (const name of ['cache', 'spare']) await answers(name);
    expect(await from('guest', 'cache', 'exists', 'kept'), 'the volume was emptied').toBe('0');
    await service('cache').signalFromHost('SIGKILL');
    await answers('cache');
  });
});

describe('what the witness must not believe', () => {
  test('a loss without effect', async () => {
    const nothing: LostRegion = {
      tryConnection: (name, port, options) => service(name).tryConnection(port, options),
      inPlace: async () => true,
      connectionAttempts: async () => [],
      giveBack: async () => undefined,
    };
    const inflicted = await inject('dead', target({ aim: async () => ({ strike: async () => nothing }) }));
    expect(await inflicted.witness()).toBeNull();
  });

  test('a loss that takes others with it', async () => {
    const inflicted = await inject('blackhole');
    await service('far').pause();
    expect((await inflicted.witness())?.what ?? null, 'a frozen process still accepts').not.toBeNull();
    await service('far').unpause();
    await service('guest').stop(0);
    expect(await inflicted.witness()).toBeNull();
    await service('guest').start();
    await inflicted.undo.run();
    await heals(inflicted, true);
  });

  test('a region where nothing takes connections, or which is not there', async () => {
    await expect(inject('dead', target({ services: [] }))).rejects.toThrow(
      'nobody could tell whether region west is lost',
    );
    await expect(stack.aimAtRegion('north', 'dead')).rejects.toThrow('nothing runs in region north');
  });
});

test("what is left when nobody undoes it carries the drill's labels, and goes with it", async () => {
  await inject('dead');
  expect((await leftOf(drill)).filter(({ kind }) => kind === 'container').length).toBeGreaterThan(4);
});
