import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import type { Address } from './connection.ts';
import { digestKey } from './key-digest.ts';
import { databasesOf, musterPrefix, scanKeys } from './keys.ts';
import { configOf, withOwn } from './server.ts';

const settings = ['appendonly', 'appendfsync', 'save', 'maxmemory', 'maxmemory-policy'];
/** Values are held key by key up to so many keys; of more, every second one, every fourth, and so on. */
const mostKeys = 200_000;
/** A field that expires sooner after the baseline than this may be gone by right. */
const horizonMs = 3_600_000;
const namedAtMost = 20;
const keysAtOnce = 64;

/** Small enough for the timeline. Groups are named `database 1: session (string)`. */
interface Inventory {
  groups: Record<string, { total: number; lasting: number }>;
  settings: Record<string, string>;
  /** Users and libraries of functions, with a digest of their rules and code: rules hold password hashes. */
  users: Record<string, string>;
  functions: Record<string, string>;
  /** What could not be read, and why. */
  unread: string[];
}

/** Of keys that never expire, by a digest of database and name: the group, and a digest of type and value. */
interface Values { held: Map<string, { group: string; value: string }>; oneIn: number; horizon: number }

/** By component: names and values stay out of the record, since an application may keep secrets in them. */
type Kept = Values | null;

/**
 * The application's keys in every database, by prefix and type, and their values; functions, users, and the settings that decide
 * about durability. Keys that never expire must be there with the same value; those that do come and go by right (the check of
 * expiries is for them), so that they are only counted. What may not be read is named, and is no pass.
 */
export function inventoryCheck(address: Address): Check {
  let kept: Kept = null;
  return {
    before: async () => {
      const values: Values = { held: new Map(), oneIn: 1, horizon: 0 };
      const inventory = await withOwn(address, async (redis) => {
        // By the server's own clock, as its expiries are.
        values.horizon = Number((await redis.time())[0]) * 1000 + horizonMs;
        return inventoryOf(redis, values.horizon, (name, group, value) => hold(values, name, group, value));
      });
      kept = values;
      return asJson(inventory);
    },
    after: async (baseline) => {
      if (baseline === null || kept === null) return { verdict: 'inconclusive', detail: 'nothing was noted before the load', facts: null };
      const { held, oneIn, horizon } = kept;
      const gone = new Map(held);
      const changed = new Map<string, number>();
      const after = await withOwn(address, (redis) => inventoryOf(redis, horizon, (name, group, value) => {
        const before = gone.get(name);
        gone.delete(name);
        if (before && before.value !== value) count(changed, before.group);
      }));
      const missing = new Map<string, number>();
      for (const { group } of gone.values()) count(missing, group);
      return compare(baseline as unknown as Inventory, after, { missing, changed, compared: held.size, oneIn });
    },
  };
}

const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const count = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1);

const chosen = (name: string, oneIn: number): boolean => Number.parseInt(name.slice(0, 8), 16) % oneIn === 0;

function hold(values: Values, name: string, group: string, value: string): void {
  if (!chosen(name, values.oneIn)) return;
  values.held.set(name, { group, value });
  if (values.held.size <= mostKeys) return;
  values.oneIn *= 2;
  for (const each of values.held.keys()) if (!chosen(each, values.oneIn)) values.held.delete(each);
}

type Seen = (name: string, group: string, value: string) => void;

async function inventoryOf(redis: Redis, horizon: number, seen: Seen): Promise<Inventory> {
  const unread = new Map<string, string>();
  const tried = async <T>(what: string, nothing: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
      unread.set(what, messageOf(error));
      return nothing;
    }
  };
  const inventory: Inventory = { groups: {}, settings: {}, users: {}, functions: {}, unread: [] };
  const databases = await tried('databases', [0], async () => (await databasesOf(redis)).map(({ database }) => database));
  for (const database of databases) await tried(`keys of database ${database}`, undefined, () => readDatabase(redis, database, { horizon, seen, inventory, tried }));
  inventory.settings = await tried('settings', {}, () => configOf(redis, settings));
  inventory.users = await tried('users', {}, async () => Object.fromEntries(((await redis.call('ACL', 'LIST')) as string[]).map((rule) => [rule.split(' ')[1]!, digest(rule)])));
  inventory.functions = await tried('functions', {}, () => functionsOf(redis));
  inventory.unread = [...new Set([...inventory.unread, ...[...unread].map(([what, why]) => `${what} (${why})`)])];
  return inventory;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

async function functionsOf(redis: Redis): Promise<Record<string, string>> {
  const libraries = (await redis.call('FUNCTION', 'LIST', 'WITHCODE')) as unknown[][];
  return Object.fromEntries(libraries.map((library) => {
    const field = (name: string): string => String(library[library.indexOf(name) + 1]);
    return [field('library_name'), digest(`${field('engine')} ${field('library_code')}`)];
  }));
}

interface Reading { horizon: number; seen: Seen; inventory: Inventory; tried<T>(what: string, nothing: T, read: () => Promise<T>): Promise<T> }

/** Rejects where the database cannot be listed; of keys that cannot be read, their type is named. */
async function readDatabase(redis: Redis, database: number, reading: Reading): Promise<void> {
  await redis.select(database);
  const known = new Set<string>();
  for await (const batch of scanKeys(redis, '*')) {
    const fresh = batch.map((key) => ({ key, name: createHash('sha256').update(`${database}:${key}`).digest('hex').slice(0, 24) }))
      .filter(({ key, name }) => !key.startsWith(musterPrefix) && !known.has(name) && known.add(name));
    for (let at = 0; at < fresh.length; at += keysAtOnce) {
      await Promise.all(fresh.slice(at, at + keysAtOnce).map((key) => readKey(redis, database, key, reading)));
    }
  }
}

async function readKey(redis: Redis, database: number, { key, name }: { key: string; name: string }, { horizon, seen, inventory, tried }: Reading): Promise<void> {
  const [expiry, type] = await Promise.all([redis.pexpiretime(key), redis.type(key)]);
  if (expiry === -2 || type === 'none') return;
  const group = `database ${database}: ${prefixOf(key)} (${type})`;
  const counted = (inventory.groups[group] ??= { total: 0, lasting: 0 });
  counted.total += 1;
  if (expiry !== -1) return;
  counted.lasting += 1;
  const what = `values of database ${database}, type ${type}`;
  const found = await tried(what, undefined, () => digestKey(redis, key, horizon));
  if (found?.value === null) inventory.unread.push(`${what} (no way to read this type)`);
  seen(name, group, `${type} ${found?.value ?? ''}`);
}

/** What stands before the first colon; keys without one are taken together, for they may be secrets themselves. */
const prefixOf = (key: string): string => (key.includes(':') ? key.slice(0, key.indexOf(':')).slice(0, 64) : '(no prefix)');

interface Difference { missing: Map<string, number>; changed: Map<string, number>; compared: number; oneIn: number }

function compare(before: Inventory, after: Inventory, { missing, changed, compared, oneIn }: Difference): CheckOutcome {
  const wrong = [...wrongKeys(before, after, missing), ...[...changed].map(([group, keys]) => `${group}: ${keys} keys with another value or type`)];
  for (const [name, value] of Object.entries(before.settings)) {
    if (name in after.settings && after.settings[name] !== value) wrong.push(`${name}: ${JSON.stringify(value)} before, ${JSON.stringify(after.settings[name])} now`);
  }
  const told = (what: string): boolean => ![...before.unread, ...after.unread].some((each) => each.startsWith(what));
  if (told('users')) wrong.push(...named('user', before.users, after.users, 'other rules'));
  if (told('functions')) wrong.push(...named('functions of library', before.functions, after.functions, 'other code'));
  const unread = [...new Set([...before.unread, ...after.unread])];
  const facts = asJson({ before, after, compared, oneIn, missing: Object.fromEntries(missing), changed: Object.fromEntries(changed) });
  const not = unread.length > 0 ? `; could not be read: ${unread.join('; ')}` : '';
  if (wrong.length > 0) return { verdict: 'fail', detail: `${wrong.slice(0, namedAtMost).join('; ')}${wrong.length > namedAtMost ? `; and ${wrong.length - namedAtMost} more` : ''}${not}`, facts };
  const total = Object.values(before.groups).reduce((sum, group) => sum + group.total, 0);
  const databases = new Set(Object.keys(before.groups).map((group) => group.split(':')[0])).size;
  const share = oneIn > 1 ? ` (one of ${oneIn})` : '';
  const detail = `${total} keys of the application in ${databases} databases, the values of ${compared} that never expire compared${share}; ${Object.keys(before.functions).length} libraries of functions, ${Object.keys(before.users).length} users and ${Object.keys(before.settings).length} settings as before${not}`;
  const nothing = total === 0 && Object.keys(before.functions).length === 0;
  if (nothing && unread.length === 0) return { verdict: 'inconclusive', detail: `${detail}: no data of the application to compare`, facts, nothing: true };
  return { verdict: unread.length > 0 ? 'inconclusive' : 'pass', detail, facts };
}

/** By what was held key by key, and by the counts of all where that was only some of them. */
function wrongKeys(before: Inventory, after: Inventory, missing: Map<string, number>): string[] {
  return Object.entries(before.groups).flatMap(([group, { lasting }]) => {
    const now = after.groups[group]?.lasting ?? 0;
    const gone = Math.max(missing.get(group) ?? 0, lasting - now);
    return gone > 0 ? [`${group}: ${lasting} keys that never expire before, ${now} now, ${gone} of them missing`] : [];
  });
}

function named(what: string, before: Record<string, string>, after: Record<string, string>, other: string): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
  return names.map((name) => `${what} ${name}: ${before[name] ? (after[name] ? other : 'gone') : 'new'}`);
}
