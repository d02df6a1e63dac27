import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attached, CheckOutcome } from '../../core/driver.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { expiryCases, fillExpiring, ttlCases, type ExpiryCase } from './redis-expiry-cases.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';

let stack: RedisStack;
beforeAll(async () => {
  stack = await redisStackUp();
});
afterAll(async () => stack?.down());

async function outcomeOf(check: string, { meanwhile, volatileKeys = [] }: ExpiryCase): Promise<CheckOutcome> {
  const config = redisDriver.config.parse({ volatileKeys }) as never;
  const attached: Attached = await stack.attach('redis', undefined, { config });
  try {
    const admin = await stack.connect('redis');
    await fillExpiring(admin);
    const baseline = await attached.checks[check]!.before!();
    await meanwhile(admin);
    const outcome = await attached.checks[check]!.after(baseline);
    expect(JSON.stringify(outcome), 'what the application keeps is in no record').not.toMatch(
      /session:\d|of user|soon gone|1234/,
    );
    return outcome;
  } finally {
    await attached.close();
  }
}

describe.for([
  ['inventory', expiryCases],
  ['ttl', ttlCases],
] as const)('%s', ([check, cases]) => {
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    const outcome = await outcomeOf(check, one);
    const detail = one.red === null ? expect.any(String) : expect.stringMatching(one.red);
    expect(outcome).toMatchObject({ verdict: one.red === null ? 'pass' : 'fail', detail: detail as string });
  });
});

test('an inventory of volatile keys alone compares nothing, and says so', async () => {
  const outcome = await outcomeOf('inventory', {
    name: '',
    meanwhile: async () => undefined,
    red: null,
    volatileKeys: ['*'],
  });
  expect(outcome).toMatchObject({
    verdict: 'inconclusive',
    nothing: true,
    detail: expect.stringMatching(/\d+ volatile keys, \d+ now, not compared/) as string,
  });
});
