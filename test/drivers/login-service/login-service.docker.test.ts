import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import type { JourneyWorkload, VisitWorkload } from '../../../core/workload.ts';
import { kinds, outcomes } from '../../../core/ledger.ts';
import type { Service } from '../../../core/service.ts';
import driver from '../../../drivers/login-service/index.ts';
import { createRunEnvironment } from '../../../stack/run-environment.ts';
import { bringUpReference, type ReferenceStack } from '../../fixtures/app/reference-stack.ts';
import { driverConformance } from '../../suites/driver-conformance.ts';
import { inertService } from '../../suites/inert-service.ts';
import { suffer } from '../../support/suffer.ts';
import { whenReady } from '../../suites/suite.ts';

const users = 400;
let reference: ReferenceStack;

interface Differently {
  service?: Service;
  secrets?: Record<string, string>;
  name?: string;
  users?: number;
}

/** The driver at the clients' way in: toxiproxy, then TLS, then the app. */
function attach({
  service,
  secrets = {},
  name = 'localhost',
  users: seeded = users,
}: Differently = {}): Promise<Attached> {
  const known: Record<string, string> = { ...reference.environment, ...secrets };
  return driver.attach({
    component: 'app',
    service: service ?? reference.service('app'),
    peer: (name) => reference.service(name),
    clock: systemClock,
    seed: 7,
    config: driver.config.parse({
      tls: { name, caFrom: 'MUSTER_TLS_CA' },
      adminTokenFrom: 'ADMIN_TOKEN',
      users: seeded,
      sample: 100,
    }),
    clients: () => reference.service('toxiproxy').endpoint(8443),
    secret: (secret) => known[secret]!,
    note: () => undefined,
    beganWith: () => undefined,
  });
}

beforeAll(async () => {
  reference = await bringUpReference(`http-test-${process.pid}`);
});
afterAll(async () => {
  await reference?.down();
});

const journeysOf = ({ workload }: Attached): JourneyWorkload => {
  if (workload?.kind !== 'journeys') throw new Error('not a workload of journeys');
  return workload;
};

/** Goes on so many journeys and gives how often each kind and outcome was recorded. */
async function travel(
  attached: Attached,
  from: number,
  count: number,
  workload: JourneyWorkload | VisitWorkload = journeysOf(attached),
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  const client = await workload.open({
    record: (kind, outcome, _id, _group, _invoked, _ended, _low, _high, flags) => {
      const line = `${kind} ${outcome} ${flags}`;
      seen[line] = (seen[line] ?? 0) + 1;
    },
  });
  let next = from;
  const one = async (): Promise<void> => {
    while (next < from + count) {
      next += 1;
      await client.journey(next - 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  await client.close();
  return seen;
}
const line = (kind: number, outcome: number, flags = 0): string => `${kind} ${outcome} ${flags}`;

/**
 * As an older Redis would have it: nothing is revoked, and the sessions that were revoked since are there
 * again.
 */
async function setRedisBack(): Promise<void> {
  const redis = await reference.redis();
  for (const key of await redis.keys('revoked:*')) {
    await redis.set(key.replace('revoked:', 'refresh:'), '{}', 'PX', await redis.pttl(key));
    await redis.del(key);
  }
}

async function readBack(attached: Attached): Promise<number[]> {
  const ids: number[] = [];
  await journeysOf(attached).readBack((id) => ids.push(id));
  return ids.sort((a, b) => a - b);
}

driverConformance({
  name: 'login-service',
  driver,
  durable: true,
  setup: async () => {
    const attached = await attach();
    await attached.actions['seed']!({});
    const inert = await attach({ service: inertService(reference.service('app')) });
    return {
      attached,
      inert,
      close: async () => {
        await attached.close();
        await inert.close();
      },
    };
  },
  checks: {
    logins: {
      spoil: async () => {
        await reference.sql('UPDATE users SET role_id = 1 + role_id % 3');
      },
      mend: async () => {
        await reference.sql('UPDATE users SET role_id = 1 + (role_id + 1) % 3');
      },
    },
    'revoked-stay-revoked': {
      spoil: setRedisBack,
    },
  },
  actions: {
    seed: {
      params: { users: users + 1 },
      seen: async () =>
        (
          (await reference.sql('SELECT id FROM users WHERE email = ?', [
            `user${users}@example.test`,
          ])) as unknown[]
        )[0] ?? null,
    },
    'invalidate-sessions': {
      params: {},
      prepare: async () => {
        await reference.sql('UPDATE token_epoch SET epoch = 77');
      },
      seen: async () =>
        ((await reference.sql('SELECT epoch FROM token_epoch WHERE epoch <> 77')) as unknown[])[0] ?? null,
    },
  },
});

describe("journeys through the clients' way in", { timeout: 120_000 }, () => {
  let attached: Attached;
  beforeAll(async () => {
    attached = await attach();
  });
  afterAll(() => attached.close());

  test('all right while nothing is broken, and every session is read back but the revoked', async () => {
    await whenReady(attached);
    await journeysOf(attached).prepare();
    const seen = await travel(attached, 0, 30);
    expect(seen).toEqual({
      [line(kinds.answer, outcomes.ok)]: 70,
      [line(kinds.write, outcomes.ok)]: 30,
      [line(kinds.remove, outcomes.ok)]: 10,
    });
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const alive = await readBack(attached);
    expect(alive).toHaveLength(20);
    // Of those that run at once an older one may not be there yet: then a journey ends its own session.
    const mayEnd = numbers
      .filter((number) => number % 3 === 2)
      .flatMap((number) => [number, Math.floor(number / 2)]);
    expect(alive).toEqual(expect.arrayContaining(numbers.filter((number) => !mayEnd.includes(number))));
  });

  test('an older Redis brings revoked sessions back: read back, and red; invalidating ends them all', async () => {
    await travel(attached, 30, 9);
    await setRedisBack();
    expect((await readBack(attached)).filter((id) => id >= 30)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38]);
    const check = attached.checks['revoked-stay-revoked']!;
    expect(await check.after(null)).toMatchObject({ verdict: 'fail' });
    await attached.actions['invalidate-sessions']!({});
    expect(await readBack(attached)).toEqual([]);
    expect(await check.after(null)).toMatchObject({ verdict: 'pass' });
  });

  test('a Redis that is up and empty loses the sessions, and says nothing of it itself', async () => {
    await travel(attached, 60, 6);
    await (await reference.redis()).flushall();
    expect(await attached.ready()).toBe(true);
    expect(await readBack(attached)).toEqual([]);
  });

  test('while the app is stopped nothing is right, nothing can be read back, and it is not ready', async () => {
    await travel(attached, 90, 3);
    const inflicted = await suffer(attached, 'stop');
    try {
      expect(await attached.ready()).toBe(false);
      const seen = await travel(attached, 120, 8);
      expect(seen[line(kinds.answer, outcomes.ok)]).toBeUndefined();
      expect(
        (seen[line(kinds.answer, outcomes.fail)] ?? 0) + (seen[line(kinds.answer, outcomes.unknown)] ?? 0),
      ).toBe(8);
      await expect(readBack(attached)).rejects.toThrow('could not be read back');
    } finally {
      await inflicted.undo.run();
    }
    await whenReady(attached);
    expect((await travel(attached, 150, 3))[line(kinds.write, outcomes.ok)]).toBe(3);
  });

  test('visits by autocannon: right while nothing is broken, none right without the way in, and right again at its new port', async () => {
    const visiting = attached.generators!['autocannon']!;
    await whenReady(attached);
    await visiting.prepare();
    expect(await travel(attached, 0, 10, visiting)).toEqual({ [line(kinds.answer, outcomes.ok)]: 20 });
    const way = reference.service('toxiproxy');
    const { port } = await way.endpoint(8443);
    await way.stop(1);
    try {
      const seen = await travel(attached, 10, 10, visiting);
      expect(seen[line(kinds.answer, outcomes.ok)]).toBeUndefined();
      expect(
        (seen[line(kinds.answer, outcomes.fail)] ?? 0) + (seen[line(kinds.answer, outcomes.unknown)] ?? 0),
      ).toBeGreaterThanOrEqual(10);
    } finally {
      await way.start();
    }
    await way.waitHealthy(60_000);
    await whenReady(attached);
    expect((await way.endpoint(8443)).port, 'the engine gave the port anew').not.toBe(port);
    await travel(attached, 20, 2, visiting);
    expect(await travel(attached, 30, 10, visiting)).toEqual({ [line(kinds.answer, outcomes.ok)]: 20 });
  });

  test('a damaged row is noticed by its profile: the address, the text, the password', async () => {
    const check = attached.checks['logins']!;
    const baseline = await check.before!();
    const where = `WHERE email IN (${Object.keys(baseline as object)
      .slice(0, 1)
      .map((user) => `'user${user}@example.test'`)
      .join()})`;
    const [row] = (await reference.sql(`SELECT bio, password_hash FROM users ${where}`)) as {
      bio: string;
      password_hash: string;
    }[];
    for (const [column, value, detail] of [
      ['bio', row!.bio.replace(/[a-m]/, 'z'), 'does not match its digest'],
      ['password_hash', row!.password_hash.slice(0, -3), 'login: answered 500'],
      ['password_hash', row!.password_hash.replace(/.{4}$/, 'AAAA'), 'refused with 401'],
    ] as const) {
      await reference.sql(`UPDATE users SET ${column} = ? ${where}`, [value]);
      expect(await check.after(baseline)).toMatchObject({
        verdict: 'fail',
        detail: expect.stringContaining(detail),
      });
      await reference.sql(`UPDATE users SET bio = ?, password_hash = ? ${where}`, [
        row!.bio,
        row!.password_hash,
      ]);
      expect(await check.after(baseline)).toMatchObject({ verdict: 'pass' });
    }
  });
});

describe('what it refuses', () => {
  test('a certificate of another authority, or for another name', async () => {
    const other = await createRunEnvironment();
    await expect(attach({ secrets: { MUSTER_TLS_CA: other.ca } })).rejects.toThrow(
      /does not answer its clients/,
    );
    await expect(attach({ name: 'somewhere.else' })).rejects.toThrow(/does not match certificate|altnames/);
  });

  test('a wrong admin token, without repeating it', async () => {
    const attached = await attach({ secrets: { ADMIN_TOKEN: 'not-the-admin-token' } });
    const seed = attached.actions['seed']!({ users: 5 });
    await expect(seed).rejects.toThrow('/admin/seed was refused');
    await expect(seed).rejects.not.toThrow(/not-the-admin-token/);
    await expect(attached.actions['seed']!({ user: 5 })).rejects.toMatchObject({
      expected: 'Unrecognized key: "user"',
    });
    await attached.close();
  });

  test('users that were never seeded', async () => {
    const attached = await attach({ users: 100_000 });
    await expect(journeysOf(attached).prepare()).rejects.toThrow('user99999@example.test cannot log in');
    await attached.close();
  });
});
