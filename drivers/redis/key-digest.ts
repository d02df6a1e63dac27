import { createHash, type Hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';

const elementsAtOnce = 1_000;

/** A field of a hash that expires by itself, at a Unix time in ms. */
export interface ExpiringField {
  name: Buffer;
  value: Buffer;
  expiry: number;
}

/**
 * What a key is and holds, however the server encodes it. `value` is null for a type that cannot be read as
 * such (a module's); of a hash it is of the fields that never expire, of which there are `lasting`. `fields`:
 * the others.
 */
export interface KeyDigest {
  type: string;
  value: string | null;
  fields: ExpiringField[];
  lasting: number;
}

type Part = string | number | Buffer | null;

/** Adds the parts so that no two lists of parts look alike. */
function add(hash: Hash, ...parts: Part[]): void {
  for (const part of parts) {
    const bytes = part === null ? Buffer.alloc(0) : Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    hash.update(`${part === null ? '-' : bytes.length}:`).update(bytes);
  }
}

type Reader = (redis: Redis, key: string, hash: Hash) => Promise<void>;

/** Each reads a value in an order that is the value's own: two servers that hold the same give the same. */
const readers: Record<string, Reader> = {
  string: async (redis, key, hash) => add(hash, await redis.getBuffer(key)),
  list: (redis, key, hash) => inSteps(hash, (from, to) => redis.lrangeBuffer(key, from, to)),
  zset: (redis, key, hash) =>
    inSteps(
      hash,
      (from, to) => redis.callBuffer('ZRANGE', key, from, to, 'WITHSCORES') as Promise<Buffer[]>,
      2,
    ),
  set: async (redis, key, hash) => add(hash, ...(await redis.smembersBuffer(key)).sort(Buffer.compare)),
  stream: readStream,
};

/** Digest of the key's value. Null when the key is gone meanwhile. */
export async function digestKey(redis: Redis, key: string): Promise<KeyDigest | null> {
  const type = await redis.type(key);
  if (type === 'none') return null;
  const hash = createHash('sha256');
  const ended = (): string => hash.digest('base64url').slice(0, 16);
  if (type === 'hash') {
    const { fields, lasting } = await readHash(redis, key, hash);
    return { type, value: ended(), fields, lasting };
  }
  const reader = readers[type];
  if (!reader) return { type, value: null, fields: [], lasting: 1 };
  await reader(redis, key, hash);
  return { type, value: ended(), fields: [], lasting: 1 };
}

async function inSteps(
  hash: Hash,
  read: (from: number, to: number) => Promise<Buffer[]>,
  perElement = 1,
): Promise<void> {
  for (let from = 0; ; from += elementsAtOnce) {
    const elements = await read(from, from + elementsAtOnce - 1);
    add(hash, ...elements);
    if (elements.length < elementsAtOnce * perElement) return;
  }
}

/** Fields that never expire go into the digest. */
async function readHash(
  redis: Redis,
  key: string,
  hash: Hash,
): Promise<{ fields: ExpiringField[]; lasting: number }> {
  const flat = (await redis.callBuffer('HGETALL', key)) as Buffer[];
  const names = Array.from({ length: flat.length / 2 }, (_, i) => flat[i * 2]!);
  const expiries = await fieldExpiries(redis, key, names);
  const fields = names.map(
    (name, i): ExpiringField => ({ name, value: flat[i * 2 + 1]!, expiry: expiries[i]! }),
  );
  const lasting = fields.filter(({ expiry }) => expiry === -1).sort((a, b) => Buffer.compare(a.name, b.name));
  for (const { name, value } of lasting) add(hash, name, value);
  // One whose time came between the two questions has an expiry of -2: it is gone by right.
  return { fields: fields.filter(({ expiry }) => expiry > 0), lasting: lasting.length };
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

/**
 * Entries, and what groups have been given and not yet acknowledged, by whom and how often. When somebody
 * last looked is left out.
 */
async function readStream(redis: Redis, key: string, hash: Hash): Promise<void> {
  for (let from = '-'; ; ) {
    const entries = (await redis.callBuffer('XRANGE', key, from, '+', 'COUNT', elementsAtOnce)) as [
      Buffer,
      Buffer[],
    ][];
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
  const named =
    reply.length % 2 === 0 &&
    reply.every((each, i) => i % 2 === 1 || (typeof each === 'string' && /^[a-z-]+$/.test(each)));
  if (!named || reply.length === 0) return reply.map(told);
  const pairs = Array.from({ length: reply.length / 2 }, (_, i): [string, unknown] => [
    reply[i * 2] as string,
    reply[i * 2 + 1],
  ]);
  return pairs.filter(([name]) => !untold.test(name)).map(([name, value]) => [name, told(value)]);
}
