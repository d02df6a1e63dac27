import type { Redis } from 'ioredis';
import type { DataClient, DataWorkload } from '../../core/driver.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import { assertConnected, openConnection, operationError, whenConnected, type Address } from './connection.ts';
import { literally, musterPrefix, recordId, recordKey, scanKeys } from './keys.ts';

const connectDeadlineMs = 10_000;

export interface WorkloadOptions { component: string; address: Address; groupSize: number; neverReturn: boolean }

/** Records under `muster:<component>:<id>`. Groups are written by MULTI/EXEC, so that a log cut in between shows as torn. */
export const redisWorkload = ({ component, address, groupSize, neverReturn }: WorkloadOptions): DataWorkload => ({
  kind: 'data',
  groupSize,
  neverReturn,
  prepare: () => connected(address, async (redis) => {
    await redis.ping();
  }),
  open: async () => clientOf(component, await reached(openConnection(address, { pipelined: true }))),
  readBack: (emit) => connected(address, (redis) => readBack(redis, component, emit)),
});

async function reached(redis: Redis): Promise<Redis> {
  try {
    await whenConnected(redis, connectDeadlineMs);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw environmentError('Redis cannot be reached through the clients\' way in', { found: messageOf(error), cause: error });
  }
}

async function connected<T>(address: Address, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await reached(openConnection(address));
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

function clientOf(component: string, redis: Redis): DataClient {
  const sent = async <T>(send: () => Promise<T>): Promise<T> => {
    assertConnected(redis);
    try {
      return await send();
    } catch (error) {
      throw operationError(error);
    }
  };
  return {
    write: async (ids, values) => {
      if (ids.length === 1) await sent(() => redis.set(recordKey(component, ids[0]!), values[0]!));
      else await sent(() => writeGroup(redis, ids.map((id, i) => ['set', recordKey(component, id), values[i]!])));
    },
    read: (id) => sent(() => redis.get(recordKey(component, id))),
    remove: async (id) => {
      await sent(() => redis.del(recordKey(component, id)));
    },
    close: async () => redis.disconnect(),
  };
}

async function writeGroup(redis: Redis, commands: string[][]): Promise<void> {
  const results = await redis.multi(commands).exec();
  const refused = results?.find(([error]) => error !== null);
  // EXEC ran: some of the group may be there, so this is not a certain failure.
  if (refused) throw new OperationError(messageOf(refused[0]), false, refused[0]);
  if (!results) throw new OperationError('the transaction was discarded', true);
}

/** Ids seen so far, one bit each. */
class SeenIds {
  #bits = new Uint8Array(1 << 13);

  /** True the first time. */
  add(id: number): boolean {
    const at = id >>> 3;
    while (at >= this.#bits.length) {
      const grown = new Uint8Array(this.#bits.length * 2);
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (id & 7);
    const fresh = (this.#bits[at]! & bit) === 0;
    this.#bits[at] = this.#bits[at]! | bit;
    return fresh;
  }
}

async function readBack(redis: Redis, component: string, emit: (id: number, value: string) => void): Promise<void> {
  const seen = new SeenIds();
  for await (const keys of scanKeys(redis, `${musterPrefix}${literally(component)}:[0-9]*`)) {
    const fresh = keys.filter((key) => {
      const id = recordId(component, key);
      return id !== null && seen.add(id);
    });
    if (fresh.length === 0) continue;
    const values = await redis.mget(fresh);
    for (const [i, key] of fresh.entries()) {
      const value = values[i];
      if (typeof value === 'string') emit(recordId(component, key)!, value);
    }
  }
}
