import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { InputErrors } from '../../core/errors.ts';
import { planDrill } from '../../engine/plan.ts';
import { planRestoreTest } from '../../engine/plan-restore-test.ts';
import { sweptPlans } from '../../engine/sweep-plans.ts';
import { plan, provider } from './plan-files.ts';

afterEach(() => void vi.unstubAllEnvs());

const planOf = (file: string) =>
  planDrill(join(import.meta.dirname, '../../fixtures/field-cases', file), registries, provider);

test('F18: a volume that no backup holds is named', async () => {
  const { notes } = await planOf('F18.yaml');
  expect(notes).toContain(
    'volume keys of vault is in no backup of this strategy: a disaster takes it for good',
  );
  expect(notes.join('\n')).not.toContain('volume data');
});

describe('a volume of a database itself', () => {
  const held = async (method: string): Promise<string[]> => {
    const { notes } = await plan({
      compose: (text) =>
        `${text.replace('{ image: redis,', '{ image: redis, volumes: ["data:/data", "keys:/keys"],')}volumes: { data: , keys: }\n`,
      strategy: (text) => text.replace('{ method: rdb, every: 5m, copies: [here] }', method),
    });
    return notes.filter((one) => one.includes('in no backup'));
  };
  test('is in its backup where its data lies there, and else it is named', async () => {
    expect(await held('{ method: rdb, every: 5m, copies: [here] }')).toEqual([
      'volume keys of store is in no backup of this strategy: a disaster takes it for good',
    ]);
  });
  test('may be in what a command of the user packs', async () => {
    const options =
      '{ backup: { command: [./b], in: store }, restore: { command: [./r], in: store }, produces: { files: "/b/*" } }';
    expect(await held(`{ method: command, every: 5m, copies: [here], options: ${options} }`)).toEqual([]);
  });
});

test('and of a restore test, which loses nothing, none is', async () => {
  const strategyFile = join(import.meta.dirname, '../../fixtures/field-cases/F18.strategy.yaml');
  const existing = { from: import.meta.filename };
  const asked = { strategyFile, restore: 'mysql', check: [], existing };
  expect((await planRestoreTest(asked, registries, provider)).notes.join('\n')).not.toContain('in no backup');
});

test('F31: a folder is the project that Compose sees there, by its .env, include and extends', async () => {
  const { stackFile, stackOverrides, components, notes } = await planOf('F31/drill.yaml');
  expect([stackFile!, ...stackOverrides].map((one) => one.split('/').at(-1))).toEqual(['base.yml', 'db.yml']);
  expect([...components.keys()]).toEqual(['mysql', 'redis']);
  expect(notes.join('\n')).toContain('volume cache of redis');
});

describe('F32: the account that an image makes for the application', () => {
  test('makes no full dump, which is said where the strategy names the method', async () => {
    const { all } = await planOf('F32.limited.yaml').then(
      () => expect.fail('it was planned'),
      (error: unknown) => error as InputErrors,
    );
    expect(all).toMatchObject([
      {
        message: expect.stringMatching(
          /^backup "daily" of random cannot be made: shop is the account that .*MYSQL_USER/,
        ),
        at: { file: expect.stringMatching(/F32\.limited\.strategy\.yaml$/), line: 5 },
        hint: expect.stringMatching(/leave config\.user and config\.passwordFrom out/),
      },
    ]);
  });

  test('dumps the database that it owns, and what is in none of its points is said', async () => {
    const { backups, notes } = await planOf('F32.owned.yaml');
    expect(backups.map(({ id }) => id)).toEqual(['random.daily']);
    expect(notes.join('\n')).toMatch(
      /in no recovery point of random\.daily: accounts and what they are granted, databases other than .*, the server's settings, where the binary log stood/,
    );
  });

  test('root may make it, whatever password an image would make up', async () => {
    expect((await planOf('F32.random.yaml')).backups.map(({ id }) => id)).toEqual(['random.daily']);
  });
});

test('F29: all that is fixed has a line of its own, the address by which others know it too', async () => {
  const { moved } = await planOf('F29.yaml');
  for (const line of [
    'port 3306 of mysql: free on 127.0.0.1 instead',
    "container shop-mysql: one of the drill's own instead; on its networks mysql is found by that name",
    "network shop-net: one of the drill's own instead",
    "volume shop-data: one of the drill's own instead",
    'subnet 10.231.199.0/24 of network shop: one that is free instead',
    'address 10.231.199.10 of mysql: whichever is free instead',
    '10.231.199.10 in the command of app: mysql instead',
  ])
    expect(moved).toContain(line);
});

describe('F35: what people run instead of MySQL and Redis', () => {
  test('is planned, by the drivers of MariaDB and Valkey', async () => {
    const { components, faults } = await planOf('F35.yaml');
    expect([...components.values()].map(({ name, declared }) => [name, declared.driver])).toEqual([
      ['mariadb', 'mariadb'],
      ['valkey', 'valkey'],
    ]);
    expect(faults.map(({ plan }) => [plan.name, plan.target])).toEqual([
      ['wipe-volume', 'mariadb'],
      ['wipe-volume', 'valkey'],
    ]);
  });

  test('but for an older Redis, which its image is called', async () => {
    vi.stubEnv('MUSTER_IMAGE_REDIS_7_0', '');
    const { all } = await planOf('F35.older.yaml').then(
      () => expect.fail('it was planned'),
      (error: unknown) => error as InputErrors,
    );
    expect(all).toMatchObject([
      {
        message: 'redis-old is too old for driver redis',
        found: 'image redis:6.2',
        expected: 'Redis 7.2 or later',
        at: { file: expect.stringMatching(/F35\.older\.strategy\.yaml$/), line: 6 },
      },
    ]);
  });

  test('and under a name that says nothing it is planned: the server is asked', async () => {
    vi.stubEnv('MUSTER_IMAGE_REDIS_7_0', 'team/cache:6.2');
    expect([...(await planOf('F35.older.yaml')).components.keys()]).toEqual(['redis-old']);
  });
});

test('F20: a sidecar has a clock of its own, and the drill is asked for at several offsets from it', async () => {
  const plans = sweptPlans(await planOf('F20.yaml'));
  expect(plans.map(({ faults }) => faults[0]!.plan.at)).toEqual(['+6s', '+6.7s', '+7.4s']);
});
