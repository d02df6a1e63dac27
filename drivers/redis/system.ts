import type { System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Address } from './connection.ts';
import type { inventoryCheck } from './inventory.ts';
import type { Server } from './server.ts';
import type { RedisSite } from './site.ts';

/** A Redis server that the driver has opened; `own` is its own address, wherever its clients go. */
export interface RedisSystem extends System {
  site: RedisSite;
  own: Address;
  /** For whoever judges what clients meet. */
  asClients: Server;
  inventory: ReturnType<typeof inventoryCheck>;
  isVolatile(key: string): boolean;
}

export const redisFault = systemFaults<RedisSystem>();
