import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import type { Service } from '../../../core/service.ts';
import type { DataWorkload } from '../../../core/workload.ts';
import type { Stack } from '../../../core/stack.ts';
import driver from '../../../drivers/http/index.ts';
import { createStackProvider } from '../../../stack/provider.ts';
import { driverConformance } from '../../suites/driver-conformance.ts';
import { rigOf } from '../../suites/suite.ts';
import { inertService } from '../../suites/inert-service.ts';
import { bystanders } from '../bystanders.ts';
import { attachTo } from '../../support/attach-to.ts';

const fixture = (file: string): string =>
  fileURLToPath(new URL(`../../fixtures/orders/${file}`, import.meta.url));
const { components } = parse(readFileSync(fixture('strategy.yaml'), 'utf8')) as {
  components: { web: { config: Record<string, unknown> } };
};
/** As the strategy has it, and a call that the drill does not need. */
const config = {
  ...components.web.config,
  calls: { seed: { post: '/orders', json: { ref: 'seeded', note: 'by a call' }, expect: { status: 201 } } },
};
const drill = `http-test-${randomBytes(3).toString('hex')}`;
const token = randomBytes(12).toString('hex');
let stack: Stack;
const service = (name: string): Service => stack.services.get(name)!;

const attach = (over: Service = service('web')): Promise<Attached> =>
  attachTo(driver, {
    component: 'web',
    service: over,
    clients: () => service('web').endpoint(3000),
    peer: service,
    seed: 7,
    config: driver.config.parse(config),
    secret: () => token,
  });

beforeAll(async () => {
  const progress = (): void => undefined;
  const environment = { API_TOKEN: token };
  stack = await createStackProvider({ progress }).up({
    file: fixture('compose.yml'),
    drill,
    environment,
    progress,
  });
}, 300_000);
afterAll(async () => {
  await stack?.down();
});

async function write({ workload }: Attached, id: number): Promise<void> {
  const client = await (workload as DataWorkload).open();
  await client.write([id], [`value ${id}`]);
  await client.close();
}
const redis = (...words: string[]) => service('redis').exec(['redis-cli', ...words]);

driverConformance({
  name: 'http',
  driver,
  durable: true,
  setup: async () => {
    const attached = await attach();
    const inert = await attach(inertService(service('web')));
    return rigOf(attached, inert);
  },
  others: () => bystanders(drill, stack.services, 'web'),
  // What the image backup restores is the service, and not its data, which is elsewhere.
  methods: [],
  checks: {
    probes: {
      spoil: async () => {
        await redis('SET', 'orders', 'no list any more');
      },
      mend: async () => {
        await redis('DEL', 'orders');
      },
    },
    'names-stay': {
      prepare: ({ attached }) => write(attached, 900_001),
      // The number is given again.
      spoil: async ({ attached }) => {
        await redis('DECR', 'orders:last');
        await write(attached, 900_002);
      },
    },
  },
  actions: {
    call: {
      params: { name: 'seed' },
      seen: async () => {
        const { stdout } = await redis(
          'EVAL',
          "for _, k in ipairs(redis.call('KEYS', 'order:*')) do if redis.call('HGET', k, 'ref') == 'seeded' then return 1 end end return 0",
          '0',
        );
        return stdout.trim() === '1' ? 'seeded' : null;
      },
    },
  },
});

test('a call that the configuration does not name is refused', async () => {
  const attached = await attach();
  await expect(attached.actions['call']!({ name: 'sed' })).rejects.toMatchObject({ trouble: 'input' });
  await attached.close();
});
