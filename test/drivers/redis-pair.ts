import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { systemClock } from '../../core/clock.ts';
import type { Attached, AttachContext } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { uniqueDrill } from '../stack/small-stack.ts';

export type PairName = 'redis' | 'east';

/** The two servers of `redis-pair.compose.yml`. */
export interface RedisPair {
  service(name: PairName): Service;
  attach(name: PairName, over?: Partial<AttachContext<never>>): Promise<Attached>;
  /** A connection of the test's own, straight to the server; it comes back by itself. */
  connect(name: PairName): Promise<Redis>;
  /** Closes the connections of the test's own. */
  disconnect(): void;
  down(): Promise<void>;
}

export async function redisPairUp(name: string): Promise<RedisPair> {
  const progress = (): void => undefined;
  const stack = await createStackProvider({ progress }).up({
    file: fileURLToPath(new URL('../fixtures/redis-pair.compose.yml', import.meta.url)),
    drill: uniqueDrill(name),
    environment: {},
    progress,
  });
  let opened: Redis[] = [];
  const service = (one: string): Service => stack.services.get(one)!;
  const disconnect = (): void => {
    for (const client of opened) client.disconnect();
    opened = [];
  };
  return {
    service,
    attach: (one, over = {}) =>
      redisDriver.attach({
        component: one,
        service: service(one),
        clients: () => service(one).endpoint(6379),
        peer: service,
        clock: systemClock,
        seed: 1,
        config: redisDriver.config.parse({}) as never,
        secret: () => '',
        note: () => undefined,
        beganWith: () => undefined,
        ...over,
      }),
    connect: async (one) => {
      const { host, port } = await service(one).endpoint(6379);
      const client = new Redis({ host, port, maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      opened.push(client);
      return client;
    },
    disconnect,
    down: async () => {
      disconnect();
      await stack.down();
    },
  };
}
