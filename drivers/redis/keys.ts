import type { Redis } from 'ioredis';
import { parseInfo } from './info.ts';

/** Everything that Muster writes begins with this, which no application's name is taken for. */
export const musterPrefix = 'muster-drill:';

const ours = new RegExp(`^${musterPrefix}[^:]+:(?:\\d+|ttl:\\d+|flush:\\d+|mark|attempt:[0-9a-f]{8})$`);
/** Whether a key is Muster's: an application may have others of its prefix. */
export const isMusters = (key: string): boolean => ours.test(key);

export const recordKey = (component: string, id: number): string => `${musterPrefix}${component}:${id}`;
export const expiryKey = (component: string, number: number): string =>
  `${musterPrefix}${component}:ttl:${number}`;
export const markKey = (component: string): string => `${musterPrefix}${component}:mark`;

/** The id of a record's key; null for any other key. */
export function recordId(component: string, key: string): number | null {
  const id = key.slice(`${musterPrefix}${component}:`.length);
  return /^\d+$/.test(id) ? Number(id) : null;
}

const keysPerScan = 2_000;

/** Every key that was there throughout, in batches. A key may come more than once: that is how SCAN works. */
export async function* scanKeys(redis: Redis, pattern: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', keysPerScan);
    cursor = next;
    if (keys.length > 0) yield keys;
  } while (cursor !== '0');
}

/** As a pattern that matches only itself, for SCAN. */
export const literally = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');

/** Databases that hold something, and how many keys, by the server's own account. */
export async function databasesOf(redis: Redis): Promise<{ database: number; keys: number }[]> {
  const found = Object.entries(parseInfo(await redis.info('keyspace'))).filter(([name]) =>
    /^db\d+$/.test(name),
  );
  return found.map(([name, text]) => ({
    database: Number(name.slice(2)),
    keys: Number(/keys=(\d+)/.exec(text)?.[1] ?? 0),
  }));
}

/**
 * What stands before the first colon; keys without one are taken together, for they may be secrets
 * themselves.
 */
export const prefixOf = (key: string): string =>
  key.includes(':') ? key.slice(0, key.indexOf(':')).slice(0, 64) : '(no prefix)';
