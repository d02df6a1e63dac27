import { isUtf8 } from 'node:buffer';
import type { Redis } from 'ioredis';
import { parseInfo } from './info.ts';

/** Everything that Muster writes begins with this, which no application's name is taken for. */
export const musterPrefix = 'muster-drill:';

const ours = new RegExp(`^${musterPrefix}[^:]+:(?:\\d+|ttl:\\d+|flush:\\d+|mark|attempt:[0-9a-f]{8})$`);
/** Whether a key is Muster's: an application may have others of its prefix. */
export const isMusters = (key: Buffer): boolean => ours.test(key.toString('latin1')) && isUtf8(key);

/** Whether a key of Muster's is a record, which never expires as the others do. */
export const isRecord = (key: Buffer): boolean => /^[^:]+:[^:]+:\d+$/.test(key.toString('latin1'));

export const recordKey = (component: string, id: number): string => `${musterPrefix}${component}:${id}`;
export const expiryKey = (component: string, number: number): string =>
  `${musterPrefix}${component}:ttl:${number}`;
export const markKey = (component: string): string => `${musterPrefix}${component}:mark`;

/** The id of a record's key; null for any other key of the component. */
export function recordId(component: string, key: Buffer): number | null {
  const id = key.toString().slice(`${musterPrefix}${component}:`.length);
  return /^\d+$/.test(id) ? Number(id) : null;
}

const keysPerScan = 2_000;

/**
 * Every key that was there throughout, in batches. A key may come more than once: that is how SCAN works. As
 * bytes, which a key is: a text of one that is not UTF-8 is the name of no key.
 */
export async function* scanKeys(redis: Redis, pattern: string): AsyncGenerator<Buffer[]> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', keysPerScan);
    cursor = next.toString();
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
