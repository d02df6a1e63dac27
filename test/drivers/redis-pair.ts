import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { Attached, AttachContext } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { uniqueDrill } from '../stack/small-stack.ts';
import { attachTo } from '../support/attach-to.ts';

export type PairName = 'redis' | 'east';

const realStart = '#!/bin/sh\nexec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin redis-server "$@"';
const startPath = '/usr/local/sbin/redis-server';

/** The two servers of `redis-pair.compose.yml`. */
export interface RedisPair {
  service(name: PairName): Service;
  attach(name: PairName, over?: Partial<AttachContext<never>>): Promise<Attached>;
  /** A connection of the test's own, straight to the server; it comes back by itself. */
  connect(name: PairName): Promise<Redis>;
  /**
   * Started anew with further words behind `redis-server`: in its container's own layer, before the real
   * program, as an operator's wrapper would be.
   */
  startedWith(name: PairName, words: string): Promise<void>;
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
  const connect = async (one: PairName): Promise<Redis> => {
    const { host, port } = await service(one).endpoint(6379);
    const client = new Redis({ host, port, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    opened.push(client);
    return client;
  };
  return {
    service,
    connect,
    startedWith: async (one, words) => {
      await service(one).putFile(startPath, `${realStart} ${words}\n`, { mode: 0o755 });
      await service(one).stop();
      await service(one).start();
      await expect.poll(async () => (await connect(one)).ping(), { timeout: 30_000 }).toBe('PONG');
    },
    attach: (one, over = {}) =>
      attachTo(redisDriver, { component: one, service: service(one), peer: service, ...over }),
    disconnect,
    down: async () => {
      disconnect();
      await stack.down();
    },
  };
}
