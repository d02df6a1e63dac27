import type { Attached } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Address } from './connection.ts';
import type { Site } from './site.ts';

/** A Redis server that the driver is attached to; `own` is its own address, wherever its clients go. */
export interface RedisSystem extends Attached {
  site: Site;
  own: Address;
}

export const redisFault = systemFaults<RedisSystem>();
