import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { ActiveFault } from '../../core/active-fault.ts';
import type { DataClient } from '../../core/workload.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import mariadb from '../../drivers/mariadb/index.ts';
import mysql from '../../drivers/mysql/index.ts';
import postgres from '../../drivers/postgres/index.ts';
import redis from '../../drivers/redis/index.ts';
import diskFull from '../../faults/storage/disk-full.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { inertService } from '../suites/inert-service.ts';
import { bystanders } from './bystanders.ts';

// disk-full is refused on the host's disk (the conformance suite holds that); here are servers that can be
// broken that way.
const file = fileURLToPath(new URL('../../fixtures/stacks/bounded.compose.yml', import.meta.url));
const drill = `bounded-test-${randomBytes(3).toString('hex')}`;
const environment: Record<string, string> = {
  MYSQL_ROOT_PASSWORD: randomBytes(12).toString('hex'),
  MARIADB_ROOT_PASSWORD: randomBytes(12).toString('hex'),
  POSTGRES_PASSWORD: randomBytes(12).toString('hex'),
};
const drivers = { redis, mysql, mariadb, postgres };
let stack: Stack;

beforeAll(async () => {
  const progress = (): void => undefined;
  stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
}, 300_000);
afterAll(() => stack?.down(), 60_000);

const attach = (name: keyof typeof drivers, over?: Service): Promise<Attached> => {
  const service = stack.services.get(name)!;
  const driver = drivers[name];
  const context = {
    component: name,
    service: over ?? service,
    clients: () => service.endpoint(driver.port),
    peer: () => service,
    clock: systemClock,
    seed: 1,
    secret: (secret: string) => environment[secret]!,
    note: () => undefined,
    beganWith: () => undefined,
  };
  return driver.attach({ ...context, config: driver.config.parse({}) } as never);
};

const openClient = async (attached: Attached): Promise<DataClient> => {
  if (attached.workload?.kind !== 'data') throw new Error('not a data workload');
  await attached.workload.prepare();
  return attached.workload.open();
};

describe.each(['redis', 'mysql', 'mariadb', 'postgres'] as const)(
  'driver %s, on a file system of its own > fault disk-full',
  { timeout: 240_000 },
  (name) => {
    const inject = (target: Attached): Promise<ActiveFault> => diskFull.inject(target.data!, {}, { seed: 1 });
    // A value of the ledger's is short: enough of them that the server must take new blocks.
    const writes = async (client: DataClient, from: number): Promise<string> => {
      for (let id = from; id < from + 4_000; id += 4) {
        const refused = await client
          .write(
            [id, id + 1, id + 2, id + 3],
            Array.from({ length: 4 }, () => 'x'.repeat(200)),
          )
          .then(
            () => null,
            (error: Error) => error.message,
          );
        if (refused !== null) return refused;
      }
      return 'all written';
    };

    test('its witness sees nothing when nothing happened', async () => {
      const inert = await attach(name, inertService(stack.services.get(name)!));
      const inflicted = await inject(inert);
      expect(await inflicted.witness()).toBeNull();
      await inert.close();
    });

    test('its witness sees it, its undo heals it, and nothing else was touched: nothing can be written until then', async () => {
      const attached = await attach(name);
      const client = await openClient(attached);
      expect(await writes(client, 0)).toBe('all written');
      const others = await bystanders(drill, stack.services, name);
      const inflicted = await inject(attached);
      expect((await inflicted.witness())?.what).toMatch(/cannot write 64 KiB to .*No space left on device/);
      expect(await inflicted.undo.healed()).toBe(false);
      expect(await writes(client, 10_000)).not.toBe('all written');
      await inflicted.undo.run();
      await inflicted.undo.run();
      await expect.poll(() => inflicted.undo.healed(), { timeout: 30_000 }).toBe(true);
      expect(await inflicted.witness()).toBeNull();
      expect(await bystanders(drill, stack.services, name)).toEqual(others);
      // MySQL looks once a minute whether there is room again.
      let from = 20_000;
      await expect
        .poll(() => writes(client, (from += 10_000)), { timeout: 150_000, interval: 500 })
        .toBe('all written');
      await client.close();
      await attached.close();
    });
  },
);
