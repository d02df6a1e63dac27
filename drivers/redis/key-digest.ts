import { createHash, type Hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';

const elementsAtOnce = 1_000;

/** What a key is and holds, however the server encodes it. `value` is null for a type that cannot be read as such (a module's). */
export interface KeyDigest { type: string; value: string | null }

type Part = string | number | Buffer | null;

/** Adds the parts so that no two lists of parts look alike. */
function add(hash: Hash, ...parts: Part[]): void {
  for (const part of parts) {
    const bytes = part === null ? Buffer.alloc(0) : Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    hash.update(`${part === null ? '-' : bytes.length}:`).update(bytes);
  }
}

type Reader = (redis: Redis, key: string, hash: Hash, horizonMs: number) => Promise<void>;

/** Each reads a value in an order that is the value's own: two servers that hold the same give the same. */
const readers: Record<string, Reader> = {
  string: async (redis, key, hash) => add(hash, await redis.getBuffer(key)),
  list: (redis, key, hash) => inSteps(hash, (from, to) => redis.lrangeBuffer(key, from, to)),
  zset: (redis, key, hash) => inSteps(hash, (from, to) => redis.callBuffer('ZRANGE', key, from, to, 'WITHSCORES') as Promise<Buffer[]>, 2),
  set: async (redis, key, hash) => add(hash, ...(await redis.smembersBuffer(key)).sort(Buffer.compare)),
  hash: readHash,
  stream: readStream,
};

export const readableTypes: readonly string[] = Object.keys(readers);

/**
 * Digest of the key's value. Fields of a hash that expire before the horizon (Unix ms) are left out: they come and go by right.
 * Null when the key is gone meanwhile.
 */
export async function digestKey(redis: Redis, key: string, horizonMs: number): Promise<KeyDigest | null> {
  const type = await redis.type(key);
  if (type === 'none') return null;
  const reader = readers[type];
  if (!reader) return { type, value: null };
  const hash = createHash('sha256');
  await reader(redis, key, hash, horizonMs);
  return { type, value: hash.digest('base64url').slice(0, 16) };
}

async function inSteps(hash: Hash, read: (from: number, to: number) => Promise<Buffer[]>, perElement = 1): Promise<void> {
  for (let from = 0; ; from += elementsAtOnce) {
    const elements = await read(from, from + elementsAtOnce - 1);
    add(hash, ...elements);
    if (elements.length < elementsAtOnce * perElement) return;
  }
}

async function readHash(redis: Redis, key: string, hash: Hash, horizonMs: number): Promise<void> {
  const flat = (await redis.callBuffer('HGETALL', key)) as Buffer[];
  const fields = Array.from({ length: flat.length / 2 }, (_, i): [Buffer, Buffer] => [flat[i * 2]!, flat[i * 2 + 1]!]);
  const expiries = await fieldExpiries(redis, key, fields.map(([name]) => name));
  const kept = fields.map(([name, value], i) => ({ name, value, expiry: expiries[i]! })).filter(({ expiry }) => expiry === -1 || expiry > horizonMs);
  for (const { name, value, expiry } of kept.sort((a, b) => Buffer.compare(a.name, b.name))) add(hash, name, value, expiry);
}

/** Unix ms of each field, -1 for never. Servers before 7.4 know of none. */
async function fieldExpiries(redis: Redis, key: string, names: Buffer[]): Promise<number[]> {
  const expiries: number[] = [];
  for (let at = 0; at < names.length; at += elementsAtOnce) {
    const some = names.slice(at, at + elementsAtOnce);
    try {
      expiries.push(...((await redis.call('HPEXPIRETIME', key, 'FIELDS', some.length, ...some)) as number[]));
    } catch (error) {
      if (!/unknown command/i.test(messageOf(error))) throw error;
      return names.map(() => -1);
    }
  }
  return expiries;
}

/** Entries, and what groups have been given and not yet acknowledged, by whom and how often. When somebody last looked is left out. */
async function readStream(redis: Redis, key: string, hash: Hash): Promise<void> {
  for (let from = '-'; ; ) {
    const entries = (await redis.callBuffer('XRANGE', key, from, '+', 'COUNT', elementsAtOnce)) as [Buffer, Buffer[]][];
    for (const [id, fields] of entries) add(hash, id, fields.length, ...fields);
    if (entries.length < elementsAtOnce) break;
    from = `(${entries.at(-1)![0].toString()}`;
  }
  add(hash, JSON.stringify(told(await redis.call('XINFO', 'STREAM', key, 'FULL', 'COUNT', 0))));
}

const untold = /^(radix-tree-(keys|nodes)|seen-time|active-time|entries|length|lag|pel-count)$/;

/** The name-value lists of XINFO, without what says how it is stored or who looked when. */
function told(reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply;
  const named = reply.length % 2 === 0 && reply.every((each, i) => i % 2 === 1 || (typeof each === 'string' && /^[a-z-]+$/.test(each)));
  if (!named || reply.length === 0) return reply.map(told);
  const pairs = Array.from({ length: reply.length / 2 }, (_, i): [string, unknown] => [reply[i * 2] as string, reply[i * 2 + 1]]);
  return pairs.filter(([name]) => !untold.test(name)).map(([name, value]) => [name, told(value)]);
}
