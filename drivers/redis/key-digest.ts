import { createHash, type Hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';

const elementsAtOnce = 1_000;
/** What a server is asked for at once, about: it answers nobody else meanwhile. */
const bytesAtOnce = 4 * 1024 * 1024;
/** More of a set or a hash, whose elements are put in order here, is not held in memory. */
const heldBytes = 512 * 1024 * 1024;

/** A field of a hash that expires by itself, at a Unix time in ms. */
export interface ExpiringField {
  name: Buffer;
  value: Buffer;
  expiry: number;
}

/**
 * What a key is and holds, however the server encodes it. `value` is null for a type that cannot be read as
 * such (a module's) or is too large, and `why` says so; of a hash it is of the fields that never expire, of
 * which there are `lasting`. `fields`: the others.
 */
export interface KeyDigest {
  type: string;
  value: string | null;
  why?: string;
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

/** `atOnce`: elements that the server is asked for. */
type Reader = (redis: Redis, key: Buffer, hash: Hash, atOnce: number) => Promise<void>;

/** Each reads a value in an order that is the value's own: two servers that hold the same give the same. */
const readers: Record<string, Reader> = {
  string: readString,
  list: (redis, key, hash, atOnce) => inSteps(hash, atOnce, (from, to) => redis.lrangeBuffer(key, from, to)),
  zset: (redis, key, hash, atOnce) =>
    inSteps(
      hash,
      atOnce,
      (from, to) => redis.callBuffer('ZRANGE', key, from, to, 'WITHSCORES') as Promise<Buffer[]>,
      2,
    ),
  set: async (redis, key, hash, atOnce) => {
    const members = [...(await scanned(redis, 'SSCAN', key, atOnce)).values()].flat();
    for (const member of members.sort(Buffer.compare)) add(hash, member);
  },
  stream: readStream,
};

const sizes: Record<string, string> = {
  string: 'STRLEN',
  list: 'LLEN',
  zset: 'ZCARD',
  set: 'SCARD',
  hash: 'HLEN',
  stream: 'XLEN',
};

/** Of one key: what it takes in the server's memory, about, and how much of it to ask for at once. */
export interface KeySize {
  bytes: number;
  atOnce: number;
}

/** By a sample of its elements. A server that does not say is asked for as many as ever. */
export async function sizeOf(redis: Redis, key: Buffer, type: string): Promise<KeySize> {
  const asked = sizes[type];
  if (asked === undefined) return { bytes: 0, atOnce: elementsAtOnce };
  const [bytes, elements] = await Promise.all([
    redis.call('MEMORY', 'USAGE', key).then(Number, () => 0),
    redis.call(asked, key).then(Number, () => 0),
  ]);
  const each = Math.max(1, bytes / Math.max(1, elements));
  return { bytes, atOnce: Math.max(1, Math.min(elementsAtOnce, Math.floor(bytesAtOnce / each))) };
}

/** Digest of the key's value. Null when the key is gone meanwhile. */
export async function digestKey(redis: Redis, key: Buffer): Promise<KeyDigest | null> {
  const type = await redis.type(key);
  return type === 'none' ? null : digestOf(redis, key, type, await sizeOf(redis, key, type));
}

/** Digest of the value of a key whose type and size are known. */
export async function digestOf(redis: Redis, key: Buffer, type: string, size: KeySize): Promise<KeyDigest> {
  const { atOnce } = size;
  const hash = createHash('sha256');
  const ended = (): string => hash.digest('base64url').slice(0, 16);
  if ((type === 'hash' || type === 'set') && size.bytes > heldBytes)
    return { type, value: null, why: 'too large to be put in order', fields: [], lasting: 1 };
  if (type === 'hash') {
    const { fields, lasting } = await readHash(redis, key, hash, atOnce);
    return { type, value: ended(), fields, lasting };
  }
  const reader = readers[type];
  if (!reader) return { type, value: null, fields: [], lasting: 1 };
  await reader(redis, key, hash, atOnce);
  return { type, value: ended(), fields: [], lasting: 1 };
}

/** The same as of all its bytes at once. One that changed its length meanwhile is what it was in parts. */
async function readString(redis: Redis, key: Buffer, hash: Hash): Promise<void> {
  const length = await redis.strlen(key);
  if (length <= bytesAtOnce) return add(hash, await redis.getBuffer(key));
  hash.update(`${length}:`);
  for (let from = 0; from < length; from += bytesAtOnce)
    hash.update(await redis.getrangeBuffer(key, from, from + bytesAtOnce - 1));
}

/**
 * Elements by their names, each once, however often the server gives it: of a set the name alone, of a hash
 * with its value behind it.
 */
async function scanned(
  redis: Redis,
  command: 'SSCAN' | 'HSCAN',
  key: Buffer,
  atOnce: number,
): Promise<Map<string, Buffer[]>> {
  const found = new Map<string, Buffer[]>();
  const width = command === 'HSCAN' ? 2 : 1;
  let cursor = '0';
  do {
    const [next, flat] = (await redis.callBuffer(command, key, cursor, 'COUNT', atOnce)) as [
      Buffer,
      Buffer[],
    ];
    for (let at = 0; at < flat.length; at += width)
      found.set(flat[at]!.toString('latin1'), flat.slice(at, at + width));
    cursor = next.toString();
  } while (cursor !== '0');
  return found;
}

async function inSteps(
  hash: Hash,
  atOnce: number,
  read: (from: number, to: number) => Promise<Buffer[]>,
  perElement = 1,
): Promise<void> {
  for (let from = 0; ; from += atOnce) {
    const elements = await read(from, from + atOnce - 1);
    for (const element of elements) add(hash, element);
    if (elements.length < atOnce * perElement) return;
  }
}

/** Fields that never expire go into the digest. */
async function readHash(
  redis: Redis,
  key: Buffer,
  hash: Hash,
  atOnce: number,
): Promise<{ fields: ExpiringField[]; lasting: number }> {
  const pairs = [...(await scanned(redis, 'HSCAN', key, atOnce)).values()];
  const expiries = await fieldExpiries(
    redis,
    key,
    pairs.map(([name]) => name!),
  );
  const fields = pairs.map(
    ([name, value], i): ExpiringField => ({ name: name!, value: value!, expiry: expiries[i]! }),
  );
  const lasting = fields.filter(({ expiry }) => expiry === -1).sort((a, b) => Buffer.compare(a.name, b.name));
  for (const { name, value } of lasting) add(hash, name, value);
  // One whose time came between the two questions has an expiry of -2: it is gone by right.
  return { fields: fields.filter(({ expiry }) => expiry > 0), lasting: lasting.length };
}

/** Unix ms of each field, -1 for never. Servers before 7.4 know of none. */
async function fieldExpiries(redis: Redis, key: Buffer, names: Buffer[]): Promise<number[]> {
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
 * last looked is left out. In steps: `XINFO STREAM … FULL` gives all of it at once.
 */
async function readStream(redis: Redis, key: Buffer, hash: Hash, atOnce: number): Promise<void> {
  await inPages(
    atOnce,
    async (from) => (await redis.callBuffer('XRANGE', key, from, '+', 'COUNT', atOnce)) as Entry[],
    ([id, fields]) => add(hash, id, fields.length, ...fields),
  );
  const { toldOf: head } = named(await redis.callBuffer('XINFO', 'STREAM', key));
  add(hash, ...head);
  for (const group of (await redis.callBuffer('XINFO', 'GROUPS', key)) as unknown[]) {
    const { name, toldOf } = named(group);
    add(hash, ...toldOf);
    for (const consumer of (await redis.callBuffer('XINFO', 'CONSUMERS', key, name!)) as unknown[])
      add(hash, ...named(consumer).toldOf);
    await inPages(
      atOnce,
      async (from) => (await redis.callBuffer('XPENDING', key, name!, from, '+', atOnce)) as Pending[],
      ([id, consumer, , deliveries]) => add(hash, id, consumer, deliveries),
    );
  }
}

type Entry = [id: Buffer, fields: Buffer[]];
type Pending = [id: Buffer, consumer: Buffer, idleMs: number, deliveries: number];

/** From the first to the last, `atOnce` at a time; each begins with its ID. */
async function inPages<T extends [Buffer, ...unknown[]]>(
  atOnce: number,
  read: (from: string) => Promise<T[]>,
  take: (one: T) => void,
): Promise<void> {
  for (let from = '-'; ; ) {
    const page = await read(from);
    for (const one of page) take(one);
    if (page.length < atOnce) return;
    from = `(${page.at(-1)![0].toString()}`;
  }
}

/** What XINFO says of how something is stored, of who looked when, or what is read by itself. */
const untold =
  /^(radix-tree-(keys|nodes)|idle|inactive|(first|last)-entry|groups|consumers|length|lag|pel-count)$/;

/** A name-value list of XINFO: its `name`, and the parts that are of the stream itself. */
function named(reply: unknown): { name: Buffer | null; toldOf: Part[] } {
  const parts = reply as Part[];
  const toldOf: Part[] = [];
  let name: Buffer | null = null;
  for (let at = 0; at < parts.length; at += 2) {
    const of = String(parts[at]);
    if (of === 'name') name = parts[at + 1] as Buffer;
    if (!untold.test(of)) toldOf.push(of, parts[at + 1]!);
  }
  return { name, toldOf };
}
