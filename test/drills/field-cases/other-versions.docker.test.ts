import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { AnyDriver, Attached } from '../../../core/driver.ts';
import type { Service } from '../../../core/service.ts';
import type { Stack } from '../../../core/stack.ts';
import redisDriver from '../../../drivers/redis/index.ts';
import valkeyDriver from '../../../drivers/valkey/index.ts';
import { createStackProvider } from '../../../stack/provider.ts';
import { leftOf, uniqueDrill } from '../../stack/small-stack.ts';
import { cameOf } from '../../support/existing-rig.ts';
import { inRepository } from '../../support/real-drill.ts';

/**
 * F24: a snapshot of a newer or a related server. Debian has Redis 7.0 and 8.0 and Valkey 8.1 and 9.1; not to
 * be had were Redis 7.2 and 7.4 and Valkey 8.0, with which the case was found. Redis 7.0 is too old for the
 * driver and only writes.
 */
const drivers = { 'redis-8': redisDriver, 'valkey-9': valkeyDriver, 'valkey-8': valkeyDriver } as const;
type Loads = keyof typeof drivers;
type Writes = Loads | 'redis-7';

const drill = uniqueDrill('versions');
const progress = (): void => undefined;
const attached = {} as Record<Loads, Attached>;
const snapshots = {} as Record<Writes, Buffer>;
let stack: Stack;

const attach = (name: Writes, driver: AnyDriver): Promise<Attached> => {
  const service = stack.services.get(name)!;
  return driver.attach({
    component: name,
    service,
    clients: () => service.endpoint(driver.port),
    peer: (other) => stack.services.get(other)!,
    clock: systemClock,
    seed: 1,
    config: driver.config.parse({}),
    secret: () => '',
    note: () => undefined,
    scratch: tmpdir,
    beganWith: () => undefined,
  });
};

/** As the case has it: a key, and a field with a time of its own where the server knows such. */
async function snapshotOf(service: Service): Promise<Buffer> {
  const script = `until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.1; done
    redis-cli set app:1 one; redis-cli hset cart:1 item book; redis-cli hexpire cart:1 86400 FIELDS 1 item; redis-cli save
    od -An -v -tx1 /data/dump.rdb > /tmp/dump`;
  await service.exec(['sh', '-c', script]);
  const { stdout } = await service.exec(['cat', '/tmp/dump']);
  return Buffer.from(stdout.replace(/\s/g, ''), 'hex');
}

beforeAll(async () => {
  const file = inRepository('fixtures/field-cases/F24.compose.yml');
  stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  for (const [name, service] of stack.services) snapshots[name as Writes] = await snapshotOf(service);
  for (const [name, driver] of Object.entries(drivers))
    attached[name as Loads] = await attach(name as Loads, driver);
}, 600_000);
afterAll(async () => {
  for (const one of Object.values(attached)) await one.close();
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

describe('F24, a snapshot of a newer or a related server', { timeout: 120_000 }, () => {
  it('the servers are what they are said to be, and their files begin as differently', () => {
    expect(Object.values(attached).map(({ server }) => server.replace(/\.\d+$/, ''))).toEqual([
      'Redis 8.0',
      'Valkey 9.1',
      'Valkey 8.1',
    ]);
    expect(
      Object.fromEntries(
        Object.entries(snapshots).map(([name, bytes]) => [name, bytes.toString('latin1', 0, 9)]),
      ),
    ).toEqual({
      'redis-7': 'REDIS0010',
      'redis-8': 'REDIS0012',
      'valkey-8': 'REDIS0011',
      'valkey-9': 'VALKEY080',
    });
  });

  it.each<[Writes, Loads, RegExp]>([
    [
      'redis-8',
      'valkey-9',
      /format REDIS0012, of Redis 8\.0\.\d+, which this Valkey does not load: .* one up to 11$/,
    ],
    [
      'redis-8',
      'valkey-8',
      /format REDIS0012, of Redis 8\.0\.\d+, which this Valkey does not load: .* one up to 11$/,
    ],
    ['valkey-9', 'redis-8', /format VALKEY080, of Valkey 9\.1\.\d+, which this Redis does not load: /],
    [
      'valkey-9',
      'valkey-8',
      /format VALKEY080, of Valkey 9\.1\.\d+, which this Valkey does not load: it takes up to 11,/,
    ],
  ])('of %s: %s does not load it, and what it has stays', async (from, to, why) => {
    const mine = ['redis-cli', 'set', 'mine', 'still'];
    const service = stack.services.get(to)!;
    await service.exec(mine);
    const came = await cameOf((await attached[to].existing())!, snapshots[from]);
    expect(came).toEqual({ is: 'refused', why: expect.stringMatching(why) });
    expect((await service.exec(['redis-cli', 'get', 'mine'])).stdout).toBe('still\n');
  });

  it.each<[Writes, Loads]>([
    ['redis-7', 'redis-8'],
    ['redis-7', 'valkey-8'],
    ['redis-7', 'valkey-9'],
    ['valkey-8', 'redis-8'],
    ['valkey-8', 'valkey-9'],
  ])('of %s: %s loads it', async (from, to) => {
    const came = await cameOf((await attached[to].existing())!, snapshots[from]);
    expect(came, came.is === 'restored' ? '' : came.why).toMatchObject({
      is: 'restored',
      usable: { verdict: 'pass', detail: '2 keys in database 0' },
    });
  });

  it('of a version that nobody has yet, it is known by the first nine bytes as well', async () => {
    const newer = Buffer.from(snapshots['redis-8']);
    newer.write('REDIS0013', 'latin1');
    expect(await cameOf((await attached['redis-8'].existing())!, newer)).toMatchObject({
      is: 'refused',
      why: expect.stringMatching(
        /format REDIS0013, .*: it takes up to 12, which is what this version of Redis loads/,
      ),
    });
  });

  it('a server of Valkey is none of Redis, whatever version of Redis it says that it is', async () => {
    await expect(attach('valkey-8', redisDriver)).rejects.toMatchObject({
      message: 'this is no server of Redis',
      found: expect.stringMatching(/^valkey, as of Redis 7\.2/),
    });
  });
});
