import type { System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { inventoryCheck } from './inventory.ts';
import type { OtherServer } from './site.ts';

const opened = new WeakSet<object>();
export const remembered = (system: RedisSystem): RedisSystem => {
  opened.add(system);
  return system;
};
const isOpened = (one: object): one is RedisSystem => opened.has(one);
/** Those of what a drill has attached that are servers of this kind. */
export const serversAmong = (all: readonly System[]): RedisSystem[] => all.filter(isOpened);

/** A Redis server that the driver has opened; `own` is its own address, wherever its clients go. */
export interface RedisSystem extends System, OtherServer {
  inventory: ReturnType<typeof inventoryCheck>;
  isVolatile(key: Buffer): boolean;
}

export const redisFault = systemFaults<RedisSystem>();
