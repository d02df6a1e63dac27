import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Attached, CheckOutcome } from '../../core/driver.ts';
import type { Endpoint, Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import type { Json } from '../../core/timeline.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { uniqueDrill } from '../stack/small-stack.ts';
import { asConfigured, password, promoted, settings, type OfUse } from './redis-of-use-cases.ts';

type Name = 'redis' | 'east';

/**
 * Two servers of one kind that hold everything, and of which their application has no use. Nothing but the
 * inventory looks at them.
 */
let stack: Stack;
let clientsAt: Name;
let attached: Attached;
let opened: Redis[] = [];
const progress = (): void => undefined;
const service = (name: Name): Service => stack.services.get(name)!;
const realStart = '#!/bin/sh\nexec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin redis-server "$@"';
const startPath = '/usr/local/sbin/redis-server';

beforeAll(async () => {
  stack = await createStackProvider({ progress }).up({
    file: fileURLToPath(new URL('../fixtures/redis-pair.compose.yml', import.meta.url)),
    drill: uniqueDrill('of-use'),
    environment: {},
    progress,
  });
  attached = await redisDriver.attach({
    component: 'redis',
    service: service('redis'),
    clients: (): Promise<Endpoint> => service(clientsAt).endpoint(6379),
    peer: service as (name: string) => Service,
    clock: systemClock,
    seed: 1,
    config: redisDriver.config.parse({}) as never,
    secret: () => '',
    note: () => undefined,
    beganWith: () => undefined,
  });
});
afterAll(async () => {
  await attached?.close();
  await stack?.down();
});

async function connect(name: Name): Promise<Redis> {
  const { host, port } = await service(name).endpoint(6379);
  const client = new Redis({ host, port, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  opened.push(client);
  return client;
}
/** In its container's own layer, before the real program, as an operator's wrapper would be. */
async function startedWith(name: Name, words: string): Promise<void> {
  await service(name).putFile(startPath, `${realStart} ${words}\n`, { mode: 0o755 });
  await service(name).stop();
  await service(name).start();
  await expect.poll(async () => (await connect(name)).ping(), { timeout: 30_000 }).toBe('PONG');
}

beforeEach(async () => {
  clientsAt = 'redis';
  for (const name of ['redis', 'east'] as const) {
    const admin = await connect(name);
    await admin.config('SET', 'min-replicas-to-write', '0');
    await admin.mset('user:1', 'a', 'user:2', 'b');
    for (const [setting, value] of Object.entries(asConfigured)) await admin.config('SET', setting, value);
  }
});
afterEach(() => {
  for (const client of opened) client.disconnect();
  opened = [];
});

const inventory = () => attached.checks['inventory']!;
const judged = (outcome: CheckOutcome, red: RegExp | null): void => {
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  if (red !== null) expect(outcome.detail).toMatch(red);
  expect(JSON.stringify(outcome)).not.toContain(password);
};

/** What was set, put back on a connection that was there before. */
async function undone(admin: Redis, commands: string[][], work: () => Promise<void>): Promise<void> {
  const names = commands.map(([, , name]) => name!);
  const before = await Promise.all(
    names.map(async (name) => [name, ((await admin.config('GET', name)) as string[])[1]!] as const),
  );
  for (const [command, ...args] of commands) await admin.call(command!, ...args);
  try {
    await work();
  } finally {
    for (const [name, value] of before) await admin.config('SET', name, value);
  }
}

async function looked({ commands = [], started, red }: OfUse, name: Name, baseline: Json): Promise<void> {
  const look = async (): Promise<void> => judged(await inventory().after(baseline), red);
  const admin = await connect(name);
  if (started === undefined) return undone(admin, commands, look);
  const kept = Object.entries(asConfigured)
    .map(([setting, value]) => `--${setting} ${value}`)
    .join(' ');
  try {
    await startedWith(name, `${kept} ${started}`);
    await look();
  } finally {
    await startedWith(name, '');
  }
}

describe('a server that holds everything', () => {
  test.each(settings.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    await looked(one, 'redis', (await inventory().before!()) ?? null);
  });
});

describe('clients were sent to another server', () => {
  test.each(promoted.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const baseline = (await inventory().before!()) ?? null;
    clientsAt = 'east';
    // Where they are is looked up anew when it was looked up 50 ms ago.
    await systemClock.sleep(200);
    await looked(one, 'east', baseline);
  });
});
