import type { Redis } from 'ioredis';
import { digestKey, type KeyDigest } from './key-digest.ts';
import { databasesOf, scanKeys } from './keys.ts';
import { lastsUntil } from './read-keys.ts';

/**
 * Enough to tell a replica that was emptied, or lags, from one that is whole; what is lost key by key, the
 * clients' ledger says.
 */
const sampleKeys = 200;

export interface Key {
  database: number;
  name: Buffer;
  value: string;
  /** Unix ms at which it goes by right; -1 for never. */
  expiry: number;
}

/** Some of the keys that a server held, out of all. Names stay out of the record: they may be secrets. */
export interface Sampled {
  keys: Key[];
  all: number;
}

/** What became of one that is still there. */
export type Kept = 'as it was' | 'rewritten';

export async function sampleOf(redis: Redis): Promise<Sampled> {
  const held: Sampled = { keys: [], all: 0 };
  for (const { database, keys } of await databasesOf(redis)) {
    held.all += keys;
    if (held.keys.length < sampleKeys)
      held.keys.push(...(await someOf(redis, database, sampleKeys - held.keys.length)));
  }
  return held;
}

async function someOf(redis: Redis, database: number, atMost: number): Promise<Key[]> {
  await redis.select(database);
  const names = new Map<string, Buffer>();
  for await (const batch of scanKeys(redis, '*')) {
    for (const key of batch) if (names.size < atMost) names.set(key.toString('latin1'), key);
    if (names.size >= atMost) break;
  }
  const keys = await Promise.all(
    [...names.values()].map(async (name) => {
      const [expiry, found] = await Promise.all([redis.pexpiretime(name), digestKey(redis, name)]);
      return found && { database, name, value: contentOf(found), expiry: lastsUntil(expiry, found) };
    }),
  );
  return keys.filter((key) => key !== null);
}

/** Type and value, whatever of it expires. */
const contentOf = ({ type, value }: KeyDigest): string => `${type} ${value}`;

/** What the server has of the keys that were held: as they were, or rewritten since. */
export async function thereOf(redis: Redis, { keys }: Sampled): Promise<Map<Key, Kept>> {
  const there = new Map<Key, Kept>();
  for (const database of new Set(keys.map((key) => key.database))) {
    await redis.select(database);
    await Promise.all(
      keys
        .filter((key) => key.database === database)
        .map(async (key) => {
          const now = await digestKey(redis, key.name);
          if (now !== null) there.set(key, contentOf(now) === key.value ? 'as it was' : 'rewritten');
        }),
    );
  }
  return there;
}
