import type { Redis } from 'ioredis';
import type { DataClient, DataWorkload } from '../../core/workload.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import {
  asLost,
  assertConnected,
  openConnection,
  operationError,
  whenConnected,
  type Address,
} from './connection.ts';
import { literally, musterPrefix, recordId, recordKey, scanKeys } from './keys.ts';

const connectDeadlineMs = 10_000;

export interface WorkloadOptions {
  component: string;
  address: Address;
  groupSize: number;
  neverReturn: boolean;
}

/**
 * Records under `muster-drill:<component>:<id>`. Groups are written by MSET, which is atomic: a server that
 * shows some of one has torn it.
 */
export const redisWorkload = ({
  component,
  address,
  groupSize,
  neverReturn,
}: WorkloadOptions): DataWorkload => ({
  kind: 'data',
  groupSize,
  neverReturn,
  blindTo: ['duplicated'],
  prepare: () =>
    connected(address, async (redis) => {
      await redis.ping();
    }),
  open: async () => clientOf(component, await reached(openConnection(address))),
  readBack: (emit) => connected(address, (redis) => readBack(redis, component, emit)),
});

async function reached(redis: Redis): Promise<Redis> {
  try {
    await whenConnected(redis, connectDeadlineMs);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw environmentError("the server cannot be reached through the clients' way in", {
      found: messageOf(error),
      cause: error,
    });
  }
}

async function connected<T>(address: Address, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await reached(openConnection(address));
  try {
    return await work(redis);
  } catch (error) {
    throw asLost(error);
  } finally {
    redis.disconnect();
  }
}

function clientOf(component: string, redis: Redis): DataClient {
  const together = writesTogether(redis);
  const sent = async <T>(send: () => Promise<T>): Promise<T> => {
    assertConnected(redis);
    together();
    try {
      return await send();
    } catch (error) {
      throw operationError(error);
    }
  };
  return {
    write: async (ids, values) => {
      await sent(() => redis.mset(ids.flatMap((id, i) => [recordKey(component, id), values[i]!])));
    },
    read: (id) => sent(() => redis.get(recordKey(component, id))),
    remove: async (id) => {
      await sent(() => redis.del(recordKey(component, id)));
    },
    close: async () => redis.disconnect(),
  };
}

/**
 * What is sent in one turn of the event loop leaves in one write to the socket: a call of the kernel costs
 * more than a command.
 */
function writesTogether(redis: Redis): () => void {
  let corked = false;
  return () => {
    if (corked) return;
    corked = true;
    const { stream } = redis;
    stream.cork();
    setImmediate(() => {
      corked = false;
      stream.uncork();
    });
  };
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

async function readBack(
  redis: Redis,
  component: string,
  emit: (id: number, value: string) => void,
): Promise<void> {
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
