import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import type { Service } from '../../../core/service.ts';
import type { Stack } from '../../../core/stack.ts';
import mysqlDriver from '../../../drivers/mysql/index.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
import { createStackProvider } from '../../../stack/provider.ts';
import { uniqueDrill } from '../../stack/small-stack.ts';
import { suffer } from '../../support/suffer.ts';
import { attachTo } from '../../support/attach-to.ts';

const file = fileURLToPath(new URL('../../fixtures/mysql-init.compose.yml', import.meta.url));
const password = randomBytes(12).toString('hex');
const progress = (): void => undefined;
let stack: Stack;

beforeAll(async () => {
  stack = await createStackProvider({ progress }).up({
    file,
    drill: uniqueDrill('mysql-init'),
    environment: { MYSQL_ROOT_PASSWORD: password },
    progress,
  });
}, 300_000);
afterAll(() => stack?.down());

const config = mysqlDriver.config.parse({});
const attach = (service: Service): Promise<Attached> =>
  attachTo(mysqlDriver, { component: 'mysql', service, config, secret: () => password });
const sqlAt = (service: Service, statement: string): Promise<Record<string, unknown>[]> =>
  withSession({ service, password, config }, ({ rows }) => rows(statement));
const there = (service: Service): Promise<Record<string, unknown>[] | null> =>
  pollUntil(systemClock, { everyMs: 200, deadlineMs: 120_000 }, () =>
    sqlAt(service, 'SELECT @@server_uuid AS uuid').catch(() => null),
  );

/** Somebody makes tables until `end`: each is a file that is put into the data folder. */
function busy(service: Service): { end(): Promise<void> } {
  let over = false;
  const make = async (): Promise<void> => {
    for (let i = 0; !over; i += 1)
      await sqlAt(service, `CREATE TABLE IF NOT EXISTS app.made_${i} (id INT PRIMARY KEY)`).catch(() =>
        systemClock.sleep(100),
      );
  };
  const making = make();
  return {
    end: async () => {
      over = true;
      await making;
    },
  };
}

describe.each(['init', 'shell'])('a server behind the first process of its container: %s', (name) => {
  const service = (): Service => stack.services.get(name)!;

  test('is not wiped where that alone would be stopped: it runs on, with all that it had', async () => {
    const real = service();
    await there(real);
    await sqlAt(real, 'CREATE TABLE IF NOT EXISTS app.precious (id INT PRIMARY KEY)');
    await sqlAt(real, 'REPLACE INTO app.precious VALUES (1), (2), (3)');
    const before = await real.state();
    const ofFirst = async (signal: 'SIGSTOP' | 'SIGCONT'): Promise<number[]> => {
      await real.signalFromHost(signal);
      return [before.pid!];
    };
    const attached = await attach({ ...real, signalEach: ofFirst });
    await expect(suffer(attached, 'wipe-volume')).rejects.toMatchObject({
      message: `${name} cannot be stopped as a whole`,
    });
    await attached.close();
    expect(await sqlAt(real, 'SELECT id FROM app.precious')).toHaveLength(3);
    expect((await real.state()).pid).toBe(before.pid);
  });

  test('is wiped as a whole while clients write, and nothing of it comes back', async () => {
    const real = service();
    const [old] = (await there(real))!;
    const attached = await attach(real);
    const client = busy(real);
    const { witness, stillThere, undo, facts } = await suffer(attached, 'wipe-volume');
    const proof = await pollUntil(systemClock, { everyMs: 200, deadlineMs: 60_000 }, witness);
    expect(proof?.what).toMatch(/the volume (does not hold server|holds another server's data)/);
    expect(facts).toMatchObject({ server: old!['uuid'] });
    await client.end();
    const [now] = (await there(real))!;
    expect(now!['uuid']).not.toBe(old!['uuid']);
    expect(await sqlAt(real, "SHOW TABLES IN app LIKE 'precious'")).toEqual([]);
    expect((await stillThere!())?.what).toMatch(/clients find none|none of/);
    await undo.run();
    expect(await undo.healed()).toBeNull();
    await attached.close();
  });
});
