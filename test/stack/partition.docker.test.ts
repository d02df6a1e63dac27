import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import { labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('partition');
const progress = (): void => undefined;
let stack: Stack;
let cache: Service;
let neighbour: Service;

vi.setConfig({ testTimeout: 60_000 });

beforeAll(async () => {
  const file = await smallStack(
    '  neighbour: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", init: true, ports: ["127.0.0.1::6379"], configs: [{ source: note, target: /etc/note }] }\nconfigs: { note: { content: one } }',
  );
  stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  cache = stack.services.get('cache')!;
  neighbour = stack.services.get('neighbour')!;
});
afterAll(async () => {
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

const pings = (from: Service, to: string): Promise<boolean> =>
  from.exec(['timeout', '1', 'redis-cli', '-h', to, 'ping']).then(({ stdout }) => stdout === 'PONG\n');
const helpers = async (): Promise<string[]> =>
  (
    await (
      await getRuntime()
    ).container.dockerode.listContainers({
      filters: { label: [`${labels.drill}=${drill}`, `${labels.role}=helper`] },
    })
  )
    .map(({ Id }) => Id)
    .sort();

describe('tryConnection', () => {
  test('tells an open port from one where nobody listens', async () => {
    expect(await cache.tryConnection(6379)).toEqual({ connected: 'accepted', ended: 'open' });
    expect(await cache.tryConnection(6399)).toEqual({ connected: 'refused', ended: null });
    expect(await cache.tryConnection(6379, { say: 'QUIT\\r\\n' })).toEqual({
      connected: 'accepted',
      ended: 'closed',
    });
  });

  test('and from a service that does not run', async () => {
    await neighbour.stop(1);
    expect(await neighbour.tryConnection(6379)).toEqual({ connected: 'unreachable', ended: null });
    await neighbour.start();
    await expect
      .poll(async () => (await neighbour.tryConnection(6379)).connected, { timeout: 20_000 })
      .toBe('accepted');
  });
});

describe('partition', () => {
  test.each(['in', 'out', 'both'] as const)(
    '%s: packets vanish, its own loopback and everybody else stay, and lifting it mends it',
    async (direction) => {
      const before = await helpers();
      expect(await pings(neighbour, 'cache')).toBe(true);
      const cut = await cache.partition(direction);
      expect(await cut.inPlace()).toBe(true);
      expect(await cache.tryConnection(6379)).toEqual({ connected: 'silent', ended: null });
      expect(await pings(neighbour, 'cache')).toBe(false);
      expect(await pings(cache, 'neighbour')).toBe(false);
      expect(await pings(cache, '127.0.0.1')).toBe(true);
      expect((await neighbour.tryConnection(6379)).connected).toBe('accepted');
      await expect(cache.partition('both')).rejects.toThrow('cut off already');
      await cut.lift();
      await cut.lift();
      expect(await cut.inPlace()).toBe(false);
      expect(await pings(neighbour, 'cache')).toBe(true);
      expect(await helpers()).toEqual(before);
    },
  );

  // 1 PING = 1 answer: which of the two is dropped is seen in what the server counts.
  test('one way is one way: what arrives is executed when only answers are dropped, and is not when requests are', async () => {
    const counted = async (): Promise<number> =>
      Number(
        /cmdstat_echo:calls=(\d+)/.exec(
          (await cache.exec(['redis-cli', 'info', 'commandstats'])).stdout,
        )?.[1] ?? 0,
      );
    const speaker = await neighbour.spawn(['sh', '-c', 'exec redis-cli -h cache']);
    speaker.stdout.resume();
    const say = (): Promise<void> =>
      new Promise(
        (resolve, reject) =>
          void speaker.stdin.write('echo x\n', (error) => (error ? reject(error) : resolve())),
      );
    await say();
    await expect.poll(counted, { timeout: 10_000 }).toBe(1);
    const out = await cache.partition('out');
    await say();
    await expect.poll(counted, { timeout: 10_000 }).toBe(2);
    await out.lift();
    const into = await cache.partition('in');
    await say();
    expect(
      await pollUntil(systemClock, { everyMs: 100, deadlineMs: 1_000 }, async () => (await counted()) > 2),
    ).toBeNull();
    await into.lift();
    await expect.poll(counted, { timeout: 20_000 }).toBe(3);
    await speaker.kill();
  });

  test('a restart gives another namespace: the rules are not in place any more, and that is said', async () => {
    const cut = await cache.partition('both');
    await cache.stop(1);
    expect(await cut.inPlace()).toBe(false);
    await cache.start();
    await cache.waitHealthy(20_000);
    expect(await cut.inPlace()).toBe(false);
    expect((await cache.tryConnection(6379)).connected).toBe('accepted');
    await cut.lift();
  });

  test('lifting works after the helper that made it was removed', async () => {
    const before = await helpers();
    const cut = await cache.partition('in');
    const [helper] = (await helpers()).filter((id) => !before.includes(id));
    await (await getRuntime()).container.dockerode.getContainer(helper!).remove({ force: true });
    expect((await cache.tryConnection(6379)).connected).toBe('silent');
    await cut.lift();
    expect((await cache.tryConnection(6379)).connected).toBe('accepted');
    expect(await helpers()).toEqual(before);
  });

  test('a service that does not run has no network to cut', async () => {
    await neighbour.stop(1);
    await expect(neighbour.partition('both')).rejects.toMatchObject({ found: 'exited' });
    await neighbour.start();
  });
});

describe('putFile', () => {
  test("replaces a file of the container's own layer, running or stopped, with the mode that is asked for", async () => {
    await neighbour.putFile('/etc/note', 'two', { mode: 0o640 });
    expect((await neighbour.exec(['stat', '-c', '%a %s', '/etc/note'])).stdout).toBe('640 3\n');
    await neighbour.stop(1);
    await neighbour.putFile('/etc/note', 'three');
    await neighbour.start();
    expect((await neighbour.exec(['cat', '/etc/note'])).stdout).toBe('three');
  });

  test('refuses what a mount covers, and a folder that is not there', async () => {
    await expect(cache.putFile('/data/dump.rdb', 'x')).rejects.toMatchObject({
      found: 'a volume mounted on /data',
    });
    await expect(cache.putFile('/nowhere/file', 'x')).rejects.toMatchObject({ trouble: 'environment' });
  });
});
