import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Attached, CheckOutcome } from '../../core/driver.ts';
import type { Json } from '../../core/timeline.ts';
import { asConfigured, password, promoted, settings, type OfUse } from './redis-of-use-cases.ts';
import { redisPairUp, type PairName, type RedisPair } from './redis-pair.ts';

/**
 * Two servers of one kind that hold everything, and of which their application has no use. Nothing but the
 * inventory looks at them.
 */
let pair: RedisPair;
let clientsAt: PairName = 'redis';
let attached: Attached;
beforeAll(async () => {
  pair = await redisPairUp('of-use');
  attached = await pair.attach('redis', { clients: () => pair.service(clientsAt).endpoint(6379) });
});
afterAll(async () => {
  await attached?.close();
  await pair?.down();
});

beforeEach(async () => {
  clientsAt = 'redis';
  for (const name of ['redis', 'east'] as const) {
    const admin = await pair.connect(name);
    await admin.config('SET', 'min-replicas-to-write', '0');
    await admin.mset('user:1', 'a', 'user:2', 'b');
    for (const [setting, value] of Object.entries(asConfigured)) await admin.config('SET', setting, value);
  }
});
afterEach(() => pair.disconnect());

const inventory = () => attached.checks['inventory']!;
const judged = (outcome: CheckOutcome, { red, told }: OfUse): void => {
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  for (const words of [red, told]) if (words) expect(outcome.detail).toMatch(words);
  expect(JSON.stringify(outcome)).not.toContain(password);
};

const kept = Object.entries(asConfigured)
  .map(([setting, value]) => `--${setting} ${value}`)
  .join(' ');

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

async function looked(one: OfUse, name: PairName, baseline: Json): Promise<void> {
  const { commands = [], started } = one;
  const look = async (): Promise<void> => judged(await inventory().after(baseline), one);
  const admin = await pair.connect(name);
  if (started === undefined) return undone(admin, commands, look);
  try {
    await pair.startedWith(name, `${kept} ${started}`);
    await look();
  } finally {
    await pair.startedWith(name, '');
  }
}

describe('a server that holds everything', () => {
  test.each(settings.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const { begun = [], begunAs } = one;
    if (begunAs !== undefined) await pair.startedWith('redis', `${kept} ${begunAs}`);
    await undone(await pair.connect('redis'), begun, async () =>
      looked(one, 'redis', (await inventory().before!()) ?? null),
    );
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
