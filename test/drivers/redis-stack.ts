import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { Attached, AttachContext } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { bystanders } from './bystanders.ts';
import { suffer } from '../support/suffer.ts';
import { attachTo } from '../support/attach-to.ts';

const file = fileURLToPath(new URL('../fixtures/redis.compose.yml', import.meta.url));
const passwordName = 'REDIS_PASSWORD';

/** The two servers of `redis.compose.yml`, and what the tests need of them. */
export interface RedisStack {
  service(name: 'redis' | 'plain'): Service;
  /** Everything of the drill but that server. */
  others(name: 'redis' | 'plain'): Promise<unknown>;
  attach(name: 'redis' | 'plain', service?: Service, over?: Partial<AttachContext<never>>): Promise<Attached>;
  /** A connection of the test's own, straight to the server. Closed by `down`. */
  connect(name: 'redis' | 'plain'): Promise<Redis>;
  down(): Promise<void>;
}

export async function redisStackUp(): Promise<RedisStack> {
  const drill = `redis-test-${randomBytes(3).toString('hex')}`;
  const environment: Record<string, string> = { [passwordName]: randomBytes(12).toString('hex') };
  const progress = (): void => undefined;
  const stack: Stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const open: Redis[] = [];
  const service = (name: string): Service => stack.services.get(name)!;
  return {
    service,
    others: (name) => bystanders(drill, stack.services, name),
    attach: (name, over = service(name), rest = {}) =>
      attachTo(redisDriver, {
        component: name,
        service: over,
        clients: () => service(name).endpoint(6379),
        peer: service,
        config: redisDriver.config.parse(name === 'plain' ? { passwordFrom: passwordName } : {}),
        secret: (secret) => environment[secret]!,
        ...rest,
      }),
    connect: async (name) => {
      const { host, port } = await service(name).endpoint(6379);
      const redis = new Redis({
        host,
        port,
        maxRetriesPerRequest: null,
        password: name === 'plain' ? environment[passwordName] : undefined,
      });
      redis.on('error', () => undefined);
      open.push(redis);
      return redis;
    },
    down: async () => {
      for (const redis of open) redis.disconnect();
      await stack.down();
    },
  };
}

/** The volume is wiped, and that is seen: an empty server runs. */
export async function loseEverything(attached: Attached): Promise<void> {
  const wiped = await suffer(attached, 'wipe-volume');
  await expect.poll(() => wiped.witness(), { timeout: 30_000, interval: 50 }).not.toBeNull();
}
