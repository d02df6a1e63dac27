import type { Redis } from 'ioredis';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { Address } from './connection.ts';
import { databasesOf, isMusters } from './keys.ts';
import { withOwn } from './server.ts';

/** Enough to tell a loss of everything, few enough to look for between two milliseconds. */
const mostKeys = 200;
const keysPerScan = 1_000;
/** Looked through for keys of an application, beside which a load may have written millions. */
const mostScans = 50;
/** A key that expires sooner may be gone by right when the recovery is over. */
const horizonMs = 3_600_000;

/** Keys of an application, by number of their database. */
type Keys = Map<number, Buffer[]>;

/**
 * Keys that the application had early, and that every recovery point of the drill therefore holds: none of
 * them back after everything was lost means that nothing was brought back. Muster's own keys are left to the
 * ledger.
 */
export interface EarlyKeys {
  /** Notes some, if none are noted yet. What cannot be read is noted by a later call or not at all. */
  remember(): Promise<void>;
  /**
   * Called right before everything is lost: how to see at the end that it still is. Nothing where no key
   * noted is there any more. Never rejects.
   */
  aboutToLose(): Promise<Pick<ActiveFault, 'stillThere'>>;
}

/**
 * `own`: the server that is broken. `clients`: where the application looks for its keys when the recovery is
 * over.
 */
export function earlyKeys(own: Address, clients: Address): EarlyKeys {
  let noted: Keys = new Map();
  return {
    remember: async () => {
      if (noted.size === 0) noted = await withOwn(own, someKeys).catch(() => new Map());
    },
    aboutToLose: async () => {
      if (noted.size === 0) return {};
      const there: Keys = await withOwn(own, (redis) => stillHeld(redis, noted)).catch(() => new Map());
      return there.size === 0 ? {} : { stillThere: () => noneBack(clients, there) };
    },
  };
}

const counted = (keys: Keys): number => [...keys.values()].reduce((sum, { length }) => sum + length, 0);

async function noneBack(clients: Address, lost: Keys): Promise<Proof | null> {
  const back = counted(await withOwn(clients, (redis) => stillHeld(redis, lost)));
  if (back > 0) return null;
  return {
    what: `of ${counted(lost)} keys of the application that were there since the drill began, clients find none`,
    facts: { lookedFor: counted(lost), back },
  };
}

async function someKeys(redis: Redis): Promise<Keys> {
  const found: Keys = new Map();
  let scans = 0;
  for (const { database } of await databasesOf(redis)) {
    await redis.select(database);
    for (let cursor = ''; cursor !== '0' && scans < mostScans && counted(found) < mostKeys; scans += 1) {
      const [next, names] = await redis.scanBuffer(cursor || '0', 'COUNT', keysPerScan);
      cursor = next.toString();
      const lasting = await lastingOf(redis, names.filter((name) => !isMusters(name)).slice(0, mostKeys));
      if (lasting.length > 0) found.set(database, [...(found.get(database) ?? []), ...lasting]);
    }
  }
  return found;
}

async function lastingOf(redis: Redis, names: readonly Buffer[]): Promise<Buffer[]> {
  const leftMs = await Promise.all(names.map((name) => redis.pttl(name)));
  return names.filter((_, i) => leftMs[i] === -1 || leftMs[i]! > horizonMs);
}

/** Those of the keys that the server holds now. */
async function stillHeld(redis: Redis, keys: Keys): Promise<Keys> {
  const held: Keys = new Map();
  for (const [database, names] of keys) {
    await redis.select(database);
    const there = await Promise.all(names.map((name) => redis.exists(name)));
    const left = names.filter((_, i) => there[i] === 1);
    if (left.length > 0) held.set(database, left);
  }
  return held;
}
