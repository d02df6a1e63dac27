import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Attached } from '../../../core/driver.ts';
import { flagWrong, outcomes } from '../../../core/ledger.ts';
import type { DataClient, DataWorkload } from '../../../core/workload.ts';
import driver from '../../../drivers/http/index.ts';
import { createRunEnvironment } from '../../../stack/run-environment.ts';
import { bringUpReference, type ReferenceStack } from '../../fixtures/app/reference-stack.ts';
import { suffer } from '../../support/suffer.ts';
import { whenReady } from '../../suites/suite.ts';
import { attachTo } from '../../support/attach-to.ts';

/** The reference application as its strategy has it, with fewer users. */
const users = 400;
const strategyFile = new URL('../../../scenarios/reference/strategy.yaml', import.meta.url);
const configOf = (seeded: number): Record<string, unknown> => {
  const text = readFileSync(strategyFile, 'utf8').replaceAll('20000', String(seeded));
  return (parse(text) as { components: { app: { config: Record<string, unknown> } } }).components.app.config;
};
let reference: ReferenceStack;

interface Differently {
  secrets?: Record<string, string>;
  config?: Record<string, unknown>;
  users?: number;
}

/** The driver at the clients' way in: toxiproxy, then TLS, then the app. */
function attach({ secrets = {}, config = {}, users: seeded = users }: Differently = {}): Promise<Attached> {
  const known: Record<string, string> = { ...reference.environment, ...secrets };
  return attachTo(driver, {
    component: 'app',
    service: reference.service('app'),
    peer: (name) => reference.service(name),
    seed: 7,
    config: driver.config.parse({ ...configOf(seeded), ...config }),
    clients: () => reference.service('toxiproxy').endpoint(8443),
    secret: (secret) => known[secret]!,
  });
}

let attached: Attached;
let data: DataWorkload;
let client: DataClient;
let next = 0;
beforeAll(async () => {
  reference = await bringUpReference(`http-app-${process.pid}`);
  attached = await attach();
  await attached.actions['call']!({ name: 'seed' });
  data = attached.workload as DataWorkload;
  await data.prepare();
  client = await data.open();
}, 300_000);
afterAll(async () => {
  await attached?.close();
  await reference?.down();
});

/** So many sessions; gives their ids. */
async function logIn(count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => next++);
  await Promise.all(ids.map((id) => client.write([id], [`value ${id}`])));
  return ids;
}
async function readBack(): Promise<number[]> {
  const ids: number[] = [];
  await data.readBack((id) => ids.push(id));
  return ids.sort((a, b) => a - b);
}
/** As an older Redis would have it: nothing is revoked, and what was revoked since is there again. */
async function setRedisBack(): Promise<void> {
  const redis = await reference.redis();
  for (const key of await redis.keys('revoked:*')) {
    await redis.set(key.replace('revoked:', 'refresh:'), '{}', 'PX', await redis.pttl(key));
    await redis.del(key);
  }
}
/** So many visits by the probes, in turn; how many were right, and wrong. */
async function visit(count: number): Promise<{ right: number; wrong: number }> {
  const seen = { right: 0, wrong: 0 };
  const visitors = await attached.generators!['probes']!.open({
    record: (_kind, outcome, _id, _group, _invoked, _ended, _low, _high, flags) => {
      if (flags === flagWrong) seen.wrong += 1;
      else if (outcome === outcomes.ok) seen.right += 1;
    },
  });
  for (let number = 0; number < count; number += 1) await visitors.visit(number);
  await visitors.close();
  return seen;
}

describe("sessions through the clients' way in", { timeout: 120_000 }, () => {
  test('each is read back but the revoked, again and again', async () => {
    const ids = await logIn(12);
    for (const id of ids.slice(0, 4)) await client.remove(id);
    expect(await client.read(ids[0]!)).toBeNull();
    for (let time = 0; time < 2; time += 1) expect(await readBack()).toEqual(ids.slice(4));
  });

  test('an older Redis brings revoked sessions back: read back; invalidating ends them all', async () => {
    const ids = await logIn(6);
    for (const id of ids) await client.remove(id);
    expect(await readBack()).not.toEqual(expect.arrayContaining(ids));
    await setRedisBack();
    expect(await client.read(ids[0]!)).toBe(`value ${ids[0]}`);
    expect(await readBack()).toEqual(expect.arrayContaining(ids));
    await attached.actions['call']!({ name: 'invalidate-sessions' });
    expect(await readBack()).toEqual([]);
  });

  test('a Redis that is up and empty loses the sessions, and says nothing of it itself', async () => {
    const ids = await logIn(6);
    expect(await readBack()).toEqual(ids);
    await (await reference.redis()).flushall();
    expect(await attached.ready()).toBe(true);
    expect(await readBack()).toEqual([]);
  });

  test('while the app is stopped nothing is right, nothing can be read back, and it is not ready', async () => {
    await logIn(2);
    const inflicted = await suffer(attached, 'stop');
    try {
      expect(await attached.ready()).toBe(false);
      await expect(logIn(1)).rejects.toThrow(/POST \/login/);
      expect(await visit(4)).toEqual({ right: 0, wrong: 0 });
      await expect(readBack()).rejects.toThrow(/POST \/refresh/);
    } finally {
      await inflicted.undo.run();
    }
    await whenReady(attached);
    await logIn(3);
  });

  test('visits are right while nothing is broken, none without the way in, and right again at its new port', async () => {
    await whenReady(attached);
    await attached.generators!['probes']!.prepare();
    expect(await visit(10)).toEqual({ right: 10, wrong: 0 });
    const way = reference.service('toxiproxy');
    const { port } = await way.endpoint(8443);
    await way.stop(1);
    try {
      expect(await visit(4)).toEqual({ right: 0, wrong: 0 });
    } finally {
      await way.start();
    }
    await way.waitHealthy(60_000);
    await whenReady(attached);
    expect((await way.endpoint(8443)).port, 'the engine gave the port anew').not.toBe(port);
    expect(await visit(10)).toEqual({ right: 10, wrong: 0 });
  });

  test('a damaged row is noticed by its profile: the role, the text, the password', async () => {
    const check = attached.checks['probes']!;
    await check.before!();
    const where = "WHERE email = 'user0@example.test'";
    const [row] = (await reference.sql(`SELECT role_id, bio, password_hash FROM users ${where}`)) as {
      role_id: number;
      bio: string;
      password_hash: string;
    }[];
    for (const [column, value, detail] of [
      ['role_id', 1 + (row!.role_id % 3), 'profile 0: GET /profile: $.role of its body is not what it was'],
      [
        'bio',
        row!.bio.replace(/[a-m]/, 'z'),
        'profile 0: GET /profile: $.bio of its body is not what it was',
      ],
      ['password_hash', row!.password_hash.slice(0, -3), 'profile 0: POST /login: answered 500'],
      ['password_hash', row!.password_hash.replace(/.{4}$/, 'AAAA'), 'profile 0: POST /login: answered 401'],
    ] as const) {
      await reference.sql(`UPDATE users SET ${column} = ? ${where}`, [value]);
      expect(await check.after(null)).toMatchObject({
        verdict: 'fail',
        detail: expect.stringContaining(detail) as string,
      });
      const { role_id, bio, password_hash } = row!;
      await reference.sql(`UPDATE users SET role_id = ?, bio = ?, password_hash = ? ${where}`, [
        role_id,
        bio,
        password_hash,
      ]);
      expect(await check.after(null)).toMatchObject({ verdict: 'pass' });
    }
  });
});

describe('what it refuses', { timeout: 60_000 }, () => {
  test('a certificate of another authority, or for another name', async () => {
    const other = await createRunEnvironment();
    await expect(
      attach({ secrets: { MUSTER_TLS_CA: other.ca }, config: { startWithin: '1s' } }),
    ).rejects.toThrow(/is not ready for its clients: GET \/ready: \w*(CERT|SIGNATURE)/);
    await expect(
      attach({ config: { startWithin: '1s', tls: { name: 'somewhere.else', caFrom: 'MUSTER_TLS_CA' } } }),
    ).rejects.toThrow(/is not ready for its clients: GET \/ready: ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  test('a wrong admin token, without repeating it', async () => {
    const wrong = await attach({ secrets: { ADMIN_TOKEN: 'not-the-admin-token' } });
    const seed = wrong.actions['call']!({ name: 'seed' });
    await expect(seed).rejects.toThrow('the call seed came to nothing: POST /admin/seed: answered 401');
    await expect(seed).rejects.not.toThrow(/not-the-admin-token/);
    await wrong.close();
  });

  test('users that were never seeded', async () => {
    const wrong = await attach({ users: 8000 });
    await expect((wrong.workload as DataWorkload).prepare()).rejects.toMatchObject({
      found: expect.stringContaining('POST /login: answered 401') as string,
    });
    await expect(wrong.checks['probes']!.before!()).rejects.toThrow(/POST \/login: answered 401/);
    await wrong.close();
  });
});
