import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Fingerprint, SourceServer } from '../../../core/existing.ts';
import type { Address } from '../connection.ts';
import { parseInfo } from '../info.ts';
import { digestOf, sizeOf, type KeyDigest } from '../key-digest.ts';
import { heldIn, lastingOwn, shortfallOf } from '../held.ts';
import { databasesOf, isMusters, scanKeys } from '../keys.ts';
import { withOwn } from '../server.ts';

/** On a connection of its own: it goes from database to database. */
export const inEachDatabase = <T>(
  address: Address,
  work: (redis: Redis, database: number) => Promise<T>,
  first: (redis: Redis) => Promise<unknown> = async () => undefined,
): Promise<[number, T][]> =>
  withOwn(address, async (redis) => {
    await first(redis);
    const found: [number, T][] = [];
    for (const { database } of await databasesOf(redis)) {
      await redis.select(database);
      found.push([database, await work(redis, database)]);
    }
    return found;
  });

const keysAtOnce = 64;
/** What a key may take of the server's memory to be read beside others. */
const sideBySideBytes = 1024 * 1024;

/**
 * Of keys that never expire: others may be gone by the time that they are restored. A sum over them, because
 * SCAN gives them in no order; one that it gives twice counts once.
 */
async function digestDatabase(redis: Redis, database: number): Promise<Digested> {
  const seen = new Set<string>();
  const unread = new Set<string>();
  const before = await heldIn(redis, database);
  const gone = new Set<string>();
  let [expiring, own] = [0, 0];
  let sum = 0n;
  for await (const batch of scanKeys(redis, '*')) {
    own += await lastingOwn(redis, batch);
    const fresh = batch.filter((key) => !isMusters(key) && !seen.has(byteName(key)));
    for (let at = 0; at < fresh.length; at += keysAtOnce) {
      const some = fresh.slice(at, at + keysAtOnce);
      const times = await Promise.all(some.map((key) => redis.pexpiretime(key)));
      const kept = some.filter((_, i) => times[i] === -1);
      expiring += times.filter((time) => time >= 0).length;
      for (const [i, key] of some.entries()) if (times[i] === -2) gone.add(byteName(key));
      for (const [i, found] of (await digestsOf(redis, kept)).entries()) {
        const name = byteName(kept[i]!);
        if (found === null) gone.add(name);
        if (found === null || seen.has(name)) continue;
        seen.add(name);
        if (found.value === null)
          unread.add(`values of type ${found.type}${found.why === undefined ? '' : `, ${found.why}`}`);
        expiring += found.fields.length;
        sum += addendOf(kept[i]!, found);
      }
    }
  }
  const shortfall = shortfallOf(before, await heldIn(redis, database), {
    lasting: seen.size + own,
    there: seen.size + expiring,
    gone: gone.size,
  });
  if (shortfall) unread.add(`${shortfall.what}, ${shortfall.why},`);
  const digest = createHash('sha256').update(sum.toString(16)).digest('hex');
  return { rows: seen.size, digest, unread: [...unread].sort(), expiring };
}

/** A byte to a character, so that no two are alike. */
const byteName = (key: Buffer): string => key.toString('latin1');

/** Of a key that is no text, by its bytes; what others have is the same as in fingerprints of before. */
function addendOf(key: Buffer, { type, value }: KeyDigest): bigint {
  const name = isUtf8(key) ? key.toString() : { bytes: key.toString('hex') };
  const digest = createHash('sha256')
    .update(JSON.stringify([name, type, value]))
    .digest('hex');
  return BigInt(`0x${digest.slice(0, 32)}`);
}

/** Small ones side by side, each large one alone: neither they nor we hold many of those at a time. */
async function digestsOf(redis: Redis, keys: readonly Buffer[]): Promise<(KeyDigest | null)[]> {
  const known = await Promise.all(
    keys.map(async (key) => {
      const type = await redis.type(key);
      return { key, type, size: await sizeOf(redis, key, type) };
    }),
  );
  const digest = ({ key, type, size }: (typeof known)[number]): Promise<KeyDigest | null> =>
    type === 'none' ? Promise.resolve(null) : digestOf(redis, key, type, size);
  const found = new Map<Buffer, KeyDigest | null>();
  const small = known.filter(({ size }) => size.bytes <= sideBySideBytes);
  await Promise.all(small.map(async (one) => void found.set(one.key, await digest(one))));
  for (const one of known) if (!found.has(one.key)) found.set(one.key, await digest(one));
  return keys.map((key) => found.get(key) ?? null);
}

/** What is read here is not what clients use: nothing of it is to stay in memory longer for that. */
const untouched = (redis: Redis): Promise<unknown> =>
  // Since 7.2; an older server, or an account that may not, goes on as it was.
  redis.call('CLIENT', 'NO-TOUCH', 'ON').catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
  });

interface Digested {
  rows: number;
  digest: string;
  unread: string[];
  expiring: number;
}

export async function fingerprintOf(address: Address): Promise<Fingerprint> {
  const found = await inEachDatabase(address, digestDatabase, untouched);
  return {
    data: Object.fromEntries(
      found.map(([database, { rows, digest }]) => [`database ${database}`, { rows, digest }]),
    ),
    definitions: {},
    expiring: found.reduce((sum, [, one]) => sum + one.expiring, 0),
    unread: found.flatMap(([database, { unread }]) =>
      unread.map((what) => `${what} in database ${database}`),
    ),
  };
}

/** Of a server that is no part of a drill: only commands that read. */
export async function fingerprintAt({
  host,
  port,
  user,
  password,
}: SourceServer): Promise<{ server: string; fingerprint: Fingerprint }> {
  const address = { endpoint: async () => ({ host, port }), username: user, password };
  const info = parseInfo(await withOwn(address, (redis) => redis.info('server')));
  const server = info['valkey_version']
    ? `Valkey ${info['valkey_version']}`
    : `Redis ${info['redis_version']}`;
  return { server, fingerprint: await fingerprintOf(address) };
}
