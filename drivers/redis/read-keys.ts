import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { digestKey, type KeyDigest } from './key-digest.ts';
import { heldIn, lastingOwn, shortfallOf, type Held } from './held.ts';
import { prefixOf } from './key-names.ts';
import { isMusters, scanKeys } from './keys.ts';
import type { Spool } from './spool.ts';

const keysAtOnce = 64;
/**
 * An application that puts an id before the first colon has a prefix for each key: the others of those are
 * taken together.
 */
const mostGroups = 500;

/**
 * `field`: of a hash, and it expires by itself. `volatile`: the application rewrites it on its own, so that
 * it is only counted.
 */
export const flags = { field: 1, volatile: 2 } as const;

/** Names of groups by small numbers: `database 1: session (string)`. */
export class Groups {
  #numbers = new Map<string, number>();
  #names: string[] = [];

  numberOf(database: number, prefix: string, type: string): number {
    const name = `database ${database}: ${prefix} (${type})`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    return this.#numbers.size < mostGroups
      ? this.#add(name)
      : this.#add(`database ${database}: (other prefixes) (${type})`);
  }

  nameOf(number: number): string {
    return this.#names[number]!;
  }

  #add(name: string): number {
    const known = this.#numbers.get(name) ?? this.#names.push(name) - 1;
    this.#numbers.set(name, known);
    return known;
  }
}

/**
 * What two readings must have in common to be compared. Names and values are salted: what lies on disk tells
 * nobody whether a key was there.
 */
export interface Common {
  groups: Groups;
  salt: Buffer;
  isVolatile(key: Buffer): boolean;
}
export const commonOf = (isVolatile: Common['isVolatile']): Common => ({
  groups: new Groups(),
  salt: randomBytes(16),
  isVolatile,
});

export interface Reading extends Common {
  spool: Spool;
  /** Says what could not be read, and goes on; anything but a server's answer is thrown. */
  tried<T>(what: string, nothing: T, read: () => Promise<T>): Promise<T>;
  unread(what: string, why: string): void;
}

/**
 * Puts every key of the application into the spool; one that SCAN gives twice, twice. Says where the server
 * counts more than could be read. Rejects where the database cannot be listed.
 */
export async function readDatabase(redis: Redis, database: number, reading: Reading): Promise<void> {
  await redis.select(database);
  const held = (): Promise<Held | null> => reading.tried('databases', null, () => heldIn(redis, database));
  const before = await held();
  const gone = new Set<string>();
  let [lasting, there] = [0, 0];
  for await (const batch of scanKeys(redis, '*')) {
    const theirs = batch.filter((key) => !isMusters(key));
    for (let at = 0; at < theirs.length; at += keysAtOnce) {
      const some = theirs.slice(at, at + keysAtOnce);
      const found = await Promise.all(some.map((key) => readKey(redis, database, key, reading)));
      lasting += found.filter((expiry) => expiry === -1).length;
      there += found.filter((expiry) => expiry !== null).length;
      for (const [i, expiry] of found.entries()) if (expiry === null) gone.add(some[i]!.toString('latin1'));
    }
    lasting += await lastingOwn(redis, batch);
  }
  const after = await held();
  const shortfall = before && after && shortfallOf(before, after, { lasting, there, gone: gone.size });
  if (shortfall) reading.unread(`${shortfall.what} of database ${database}`, shortfall.why);
}

/** When it expires; null where it is gone meanwhile. */
async function readKey(
  redis: Redis,
  database: number,
  key: Buffer,
  reading: Reading,
): Promise<number | null> {
  const { spool, groups } = reading;
  const [expiry, type] = await Promise.all([redis.pexpiretime(key), redis.type(key)]);
  if (expiry === -2 || type === 'none') return null;
  const group = groups.numberOf(database, prefixOf(key), type);
  const name = digest(reading, 'key', database, key);
  if (reading.isVolatile(key)) {
    spool.add({ name, value: '', expiry, group, flags: flags.volatile });
    return expiry;
  }
  const what = `values of database ${database}, type ${type}`;
  const found = await reading.tried(what, undefined, () => digestKey(redis, key));
  if (found === null) return null;
  if (found?.value === null) reading.unread(what, found.why ?? 'no way to read this type');
  spool.add({
    name,
    value: digest(reading, type, found?.value ?? ''),
    expiry: found ? lastsUntil(expiry, found) : expiry,
    group,
    flags: 0,
  });
  for (const field of found?.fields ?? []) {
    const fieldGroup = groups.numberOf(database, prefixOf(key), 'fields of a hash');
    spool.add({
      name: digest(reading, 'field', database, key, field.name),
      value: digest(reading, field.value),
      expiry: field.expiry,
      group: fieldGroup,
      flags: flags.field,
    });
  }
  return expiry;
}

/** A hash whose fields all expire goes with the last of them. */
export function lastsUntil(expiry: number, { fields, lasting }: KeyDigest): number {
  if (lasting > 0 || fields.length === 0) return expiry;
  const last = fields.reduce((latest, field) => Math.max(latest, field.expiry), 0);
  return expiry === -1 ? last : Math.min(expiry, last);
}

/** 12 bytes, as latin1: of a thousand million keys, two with the same are as likely as one in 10^11. */
function digest({ salt }: Common, ...parts: (string | number | Buffer)[]): string {
  const hash = createHash('sha256').update(salt);
  for (const part of parts) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest().toString('latin1', 0, 12);
}
