import type { Redis } from 'ioredis';
import { parseInfo } from './info.ts';
import { isMusters, isRecord } from './keys.ts';

/**
 * What a server says of one of its databases, and of itself; NaN where it does not say. `changes`: since the
 * snapshot that it saved last. `removed`: what expired or was evicted, which are no changes.
 */
export interface Held {
  lasting: number;
  changes: number;
  savedAt: string | undefined;
  removed: number;
  isReplica: boolean;
}

/** What was read of it: keys that never expire, all keys, and names that were listed and of no key then. */
export interface Read {
  lasting: number;
  there: number;
  gone: number;
}

export interface Shortfall {
  what: string;
  why: string;
}

/** By one answer, so that the numbers are of one moment. */
export const heldIn = async (redis: Redis, database: number): Promise<Held> =>
  heldBy(await redis.info(), database);

export function heldBy(info: string, database: number): Held {
  const fields = parseInfo(info);
  const text = fields[`db${database}`] ?? '';
  const [keys, expires] = [/\bkeys=(\d+)/, /\bexpires=(\d+)/].map((of) => Number(of.exec(text)?.[1] ?? 0));
  const ended = ['expired_keys', 'evicted_keys'].map((name) => Number(fields[name]));
  // Since 7.4, and of Valkey since 9: a key ends with the last of its fields.
  const fieldsEnded = ['expired_subkeys', 'expired_fields'].map((name) => Number(fields[name] ?? 0));
  return {
    lasting: keys! - expires!,
    changes: Number(fields['rdb_changes_since_last_save']),
    savedAt: fields['rdb_last_save_time'],
    removed: [...ended, ...fieldsEnded].reduce((sum, number) => sum + number, 0),
    isReplica: fields['role'] === 'slave',
  };
}

/**
 * How many of these keys are Muster's and never expire: its records, and what was to expire and does so no
 * more, which another check tells of.
 */
export async function lastingOwn(redis: Redis, keys: readonly Buffer[]): Promise<number> {
  const own = keys.filter(isMusters);
  const others = own.filter((key) => !isRecord(key));
  const times = await Promise.all(others.map((key) => redis.pexpiretime(key)));
  return own.length - others.length + times.filter((time) => time === -1).length;
}

/**
 * What the server holds and could not be read; null where nothing shows that there is such. Keys that came
 * and went meanwhile are changes that it counts. Where that count began anew, as by a snapshot, only that not
 * one key was read tells. A replica does not say what has expired. Of what was read some may be in it twice.
 */
export function shortfallOf(before: Held, after: Held, read: Read): Shortfall | null {
  const held = Math.min(before.lasting, after.lasting);
  const missing = held - read.lasting;
  const changes = after.changes - before.changes;
  const removed = after.removed - before.removed;
  const isCounted = before.savedAt === after.savedAt && changes >= 0;
  if (missing > (isCounted ? changes : held - 1))
    return {
      what: `${missing} of ${held} keys that never expire`,
      why: 'which the server counts and does not have by the names that it lists',
    };
  const byRight = isCounted && removed >= 0 ? changes + removed : read.there > 0 ? Infinity : 0;
  if (read.gone > byRight && !after.isReplica)
    return { what: `${read.gone} keys`, why: 'which the server lists and does not have by those names' };
  return null;
}
