import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import { createHostSignal } from '../../stack/host-signal.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { attachService } from '../../stack/service.ts';
import { drillSite } from './drill-site.ts';
import { pings } from './pings.ts';
import { crashes } from './stack-cases.ts';
import { containerOf, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('service');
const progress = (): void => undefined;
let stack: Stack;

let cache: Service;

beforeAll(async () => {
  const file = await smallStack(
    '  neighbour: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", init: true, command: [sleep, infinity] }',
    '    environment: { SECRET_WORD: "${SECRET_WORD}" }',
  );
  stack = await createStackProvider({ progress }).up({
    file,
    drill,
    environment: { SECRET_WORD: 'shibboleth' },
    progress,
  });
  cache = stack.services.get('cache')!;
});

afterAll(async () => {
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

const processes = async (): Promise<string> =>
  (await cache.exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])).stdout;

describe('exec', () => {
  test('gives input, environment and user, and tells the outputs apart', async () => {
    const ran = await cache.exec(['sh', '-c', 'cat; echo " from $WHO"; id -un >&2; exit 3'], {
      stdin: 'héllo',
      env: { WHO: 'test' },
      user: 'redis',
    });
    expect(ran).toEqual({ code: 3, stdout: 'héllo from test\n', stderr: 'redis\n' });
  });

  test('without input, the command sees the end of it', async () => {
    expect(await cache.exec(['wc', '-c'])).toMatchObject({ code: 0, stdout: '0\n' });
  });

  test('takes input larger than any buffer, from a stream', async () => {
    const block = Buffer.alloc(1024 * 1024, 'x');
    const stdin = Readable.from(
      (function* () {
        for (let i = 0; i < 64; i += 1) yield block;
      })(),
    );
    expect((await cache.exec(['wc', '-c'], { stdin })).stdout).toBe(`${64 * 1024 * 1024}\n`);
  });

  test('a command that does not read its input is no error', async () => {
    expect(await cache.exec(['true'], { stdin: Buffer.alloc(8 * 1024 * 1024) })).toMatchObject({ code: 0 });
  });

  test('nor one that ends before its input does', async () => {
    const endless = new Readable({ read: () => undefined });
    endless.push('first');
    expect(await cache.exec(['head', '-c', '5'], { stdin: endless })).toMatchObject({
      code: 0,
      stdout: 'first',
    });
  });

  test('input that breaks off is never taken for the whole', async () => {
    const stdin = Readable.from(
      (async function* () {
        yield 'half';
        await systemClock.sleep(200);
        throw new Error('the archive is damaged');
      })(),
    );
    await expect(
      cache.exec(['sh', '-c', 'cat > /tmp/half; touch /tmp/taken-for-whole'], { stdin }),
    ).rejects.toThrow('the archive is damaged');
    await expect(
      pollUntil(
        systemClock,
        { everyMs: 50, deadlineMs: 5_000 },
        async () => !(await processes()).includes('taken-for-whole'),
      ),
    ).resolves.toBe(true);
    expect((await cache.exec(['ls', '/tmp/taken-for-whole'])).code).not.toBe(0);
  });

  test('a command that cannot be started rejects', async () => {
    await expect(cache.exec(['no-such-program'])).rejects.toMatchObject({
      trouble: 'environment',
      message: 'no-such-program cannot be run in cache',
      found: expect.stringContaining('not found'),
    });
  });

  test('one that exits with 127 by itself does not', async () => {
    expect((await cache.exec(['sh', '-c', 'no-such-program'])).code).toBe(127);
  });

  test('at the deadline the command is killed, with what it started in any group, but for services', async () => {
    const script =
      'sleep 3601 & setsid sleep 3611 & timeout 9999 sleep 3612 & (setsid sleep 99 &); sleep 3602';
    await expect(cache.exec(['sh', '-c', script], { deadlineMs: 2_000 })).rejects.toThrow(
      'did not end within 2000 ms',
    );
    expect(await processes()).not.toMatch(/sleep 36[01][12]/);
    expect(await processes()).toContain('sleep 99');
  });

  test('an abort kills it too, and rejects with its reason', async () => {
    const controller = new AbortController();
    const ran = cache.exec(['sleep', '3603'], { signal: controller.signal });
    await pollUntil(systemClock, { everyMs: 50, deadlineMs: 5_000 }, async () =>
      (await processes()).includes('sleep 3603'),
    );
    controller.abort(new Error('enough'));
    await expect(ran).rejects.toThrow('enough');
    expect(await processes()).not.toContain('sleep 3603');
  });
});

describe('spawn', () => {
  test('streams more than fits in memory buffers, byte for byte', async () => {
    const bytes = 200 * 1024 * 1024;
    const running = await cache.spawn(['head', '-c', String(bytes), '/dev/zero']);
    const hash = createHash('sha256');
    await pipeline(running.stdout, hash);
    const expected = createHash('sha256');
    for (let i = 0; i < 200; i += 1) expected.update(Buffer.alloc(1024 * 1024));
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    expect(await running.done).toEqual({ code: 0, stderr: '' });
  });

  test('gives the exit code and what went to stderr', async () => {
    const running = await cache.spawn(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    running.stdout.resume();
    expect(await running.done).toEqual({ code: 7, stderr: 'err\n' });
  });

  test('input and output at the same time', async () => {
    const running = await cache.spawn(['tr', 'a-z', 'A-Z']);
    running.stdin.end('muster');
    const out = await running.stdout.toArray();
    expect(Buffer.concat(out as Buffer[]).toString()).toBe('MUSTER');
  });

  test('kill ends it', async () => {
    const running = await cache.spawn(['sh', '-c', 'echo ready; exec sleep 3604']);
    await new Promise((resolve) => running.stdout.once('data', resolve));
    await running.kill();
    expect((await running.done).code).toBe(137);
    expect(await processes()).not.toContain('sleep 3604');
  });

  test('a reader that gives up does not leave the command waiting', async () => {
    const running = await cache.spawn(['sh', '-c', 'exec head -c 9000000000 /dev/zero']);
    await new Promise((resolve) => running.stdout.once('data', resolve));
    running.stdout.destroy();
    await running.done;
    await expect(
      pollUntil(
        systemClock,
        { everyMs: 50, deadlineMs: 5_000 },
        async () => !(await processes()).includes('9000000000'),
      ),
    ).resolves.toBe(true);
  });
});

describe('crash, pause, stop', () => {
  test(crashes.fromHost, async () => {
    const before = await cache.state();
    expect(await pings(await cache.endpoint(6379))).toBe(true);
    await cache.signalFromHost('SIGKILL');
    const after = await pollUntil(systemClock, { everyMs: 20, deadlineMs: 20_000 }, async () => {
      const seen = await cache.state();
      return seen.status === 'running' && seen.restarts === before.restarts + 1 && seen;
    });
    expect(after).toMatchObject({ restarts: 1, exitCode: null });
    expect((after as NonNullable<typeof before>).pid).not.toBe(before.pid);
    await cache.waitHealthy(20_000);
    expect(await pings(await cache.endpoint(6379))).toBe(true);
  });

  // F39 of the field cases, and why a crash is not sent through the engine: its kill counts as a stop by
  // hand.
  test(crashes.throughEngine, async () => {
    const container = await containerOf(drill, 'cache');
    expect((await container.inspect()).HostConfig.RestartPolicy).toMatchObject({ Name: 'always' });
    const before = await cache.state();
    await container.kill();
    const after = await pollUntil(systemClock, { everyMs: 20, deadlineMs: 20_000 }, async () => {
      const seen = await cache.state();
      return seen.pid !== before.pid && seen;
    });
    // Where the policy acts it is restarting or runs again: the engine decides before it says that it has
    // ended.
    expect(after).toMatchObject({ status: 'exited', restarts: before.restarts });
    await cache.start();
    await cache.waitHealthy(20_000);
  });

  test('SIGSTOP: it runs and does not answer, until SIGCONT', async () => {
    await cache.signalFromHost('SIGSTOP');
    expect(await pings(await cache.endpoint(6379), 500)).toBe(false);
    expect((await cache.state()).status).toBe('running');
    await cache.signalFromHost('SIGCONT');
    expect(await pings(await cache.endpoint(6379), 5_000)).toBe(true);
  });

  test("a process that is not the container's is never signalled", async () => {
    const runtime = await getRuntime();
    const hostSignal = createHostSignal(runtime, [cache.image.reference], {
      [labels.drill]: drill,
      [labels.owner]: currentOwner(),
    });
    const { id } = await containerOf(drill, 'cache');
    const neighbour = await stack.services.get('neighbour')!.state();
    await expect(
      hostSignal.send({ pid: neighbour.pid!, container: id, signal: 'SIGKILL' }),
    ).rejects.toMatchObject({ found: 'that process belongs to something else' });
    expect(await stack.services.get('neighbour')!.state()).toEqual(neighbour);
  });

  test('paused, it neither answers nor runs commands', async () => {
    await cache.pause();
    expect((await cache.state()).status).toBe('paused');
    expect(await pings(await cache.endpoint(6379), 500)).toBe(false);
    await expect(cache.exec(['true'])).rejects.toMatchObject({ trouble: 'environment' });
    await cache.unpause();
    expect(await pings(await cache.endpoint(6379))).toBe(true);
  });

  test('stopped, its volume is at hand in a helper, and what changes there is there when it starts', async () => {
    await cache.exec(['redis-cli', 'set', 'kept', 'yes']);
    await cache.exec(['redis-cli', 'save']);
    await cache.stop(5);
    await cache.stop(5);
    expect(await cache.state()).toMatchObject({ status: 'exited', pid: null, exitCode: 0 });
    await expect(cache.endpoint(6379)).rejects.toMatchObject({
      trouble: 'environment',
      found: 'the container is exited',
    });
    await expect(cache.waitHealthy(300)).rejects.toThrow('did not become healthy within 300 ms');
    await expect(cache.signalFromHost('SIGKILL')).rejects.toThrow('has no process to signal');
    const helper = await cache.helper({ network: 'none', volumes: true });
    try {
      expect((await helper.exec(['ls', '/data'])).stdout).toContain('dump.rdb');
      expect((await helper.exec(['rm', '/data/dump.rdb'])).code).toBe(0);
      expect((await helper.exec(['id', '-u'])).stdout).toBe('0\n');
      expect((await helper.exec(['getent', 'hosts', 'neighbour'])).code).not.toBe(0);
    } finally {
      await helper.remove();
      await helper.remove();
    }
    await cache.start();
    await cache.waitHealthy(20_000);
    expect((await cache.exec(['redis-cli', 'exists', 'kept'])).stdout).toBe('0\n');
  });

  test("a helper on the stack's network finds the services by name, as the user it is told", async () => {
    const helper = await cache.helper({ network: 'stack', user: 'redis' });
    try {
      expect((await helper.exec(['redis-cli', '-h', 'cache', 'ping'])).stdout).toBe('PONG\n');
      expect((await helper.exec(['id', '-un'])).stdout).toBe('redis\n');
      expect((await helper.exec(['ls', '/data'])).stdout).toBe('');
    } finally {
      await helper.remove();
    }
  });

  test("logs are the container's last lines", async () => {
    expect((await cache.logs(1)).trim().split('\n')).toHaveLength(1);
    expect(await cache.logs(50)).toContain('Ready to accept connections');
  });

  test('what the service says of itself', () => {
    expect(cache.env['SECRET_WORD']).toBe('shibboleth');
    expect(cache.mounts).toEqual([{ volume: `muster-${drill}_cache-data`, path: '/data', anonymous: false }]);
  });
});

test("a container without the drill's label is refused, whatever is asked of it", async () => {
  const runtime = await getRuntime();
  const stranger = await runtime.container.create({
    Image: cache.image.reference,
    Cmd: ['sleep', '60'],
    Labels: { 'muster.test': drill },
  });
  try {
    await stranger.start();
    const site = await drillSite(drill, cache.image.reference);
    await expect(attachService(site, 'stranger', stranger)).rejects.toMatchObject({
      trouble: 'environment',
      found: 'muster.drill=(none)',
    });
    expect((await stranger.inspect()).State.Running).toBe(true);
  } finally {
    await stranger.remove({ force: true, v: true });
  }
});
