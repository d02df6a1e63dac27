import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DamagedObjects } from '../core/fault.ts';
import type { Store } from '../core/store.ts';

interface Kept {
  key: string;
  path: string;
}

/**
 * See StoreTarget.damage. `folder` is where the originals are kept: as stored, so encrypted ones stay
 * encrypted.
 */
export async function damageObjects(
  store: Store,
  folder: string,
  keys: readonly string[],
  change: ((content: Readable) => Readable) | null,
): Promise<DamagedObjects> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept: Kept[] = [];
  const before: string[] = [];
  const taken = new Set(change ? [] : keys);
  // Of these something stayed: where nothing of them is there any more, somebody removed the whole point.
  const partly = new Set(
    (await keysIn(store)).flatMap((key) => (taken.has(key) ? [] : (pointOf(key) ?? []))),
  );
  const gone = new Set<string>();
  const putBack = async (): Promise<void> => {
    const there = new Set((await keysIn(store)).flatMap((key) => pointOf(key) ?? []));
    for (let one = kept.pop(); one; one = kept.pop()) {
      const point = pointOf(one.key);
      if (point !== null && partly.has(point) && !there.has(point)) gone.add(one.key);
      else await store.write(one.key, createReadStream(one.path));
      await rm(one.path);
    }
  };
  try {
    for (const key of keys) {
      const path = join(folder, randomUUID());
      const sha256 = await saveTo(await store.read(key), path);
      kept.push({ key, path });
      before.push(sha256);
      if (change) await store.write(key, change(createReadStream(path)));
      else await store.remove(key);
    }
  } catch (error) {
    await putBack();
    throw error;
  }
  const isBack = (now: readonly (string | null)[]): boolean =>
    keys.every((key, i) => now[i] === before[i] || (now[i] === null && gone.has(key)));
  return { before, putBack, isBack };
}

const keysIn = async (store: Store): Promise<string[]> => (await store.list('')).map(({ key }) => key);

/** The folder of the recovery point that an object is of; null where it is of none. */
const pointOf = (key: string): string | null => /^points\/(?:[^/]+\/){3}/.exec(key)?.[0] ?? null;

async function saveTo(content: Readable, path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    content,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
  );
  return hash.digest('hex');
}

/**
 * See StoreTarget.look. What is not listed is not there; whatever else keeps an object from being read is an
 * error.
 */
export async function digestsIn(
  reopen: () => Promise<Store>,
  keys: readonly string[],
): Promise<(string | null)[]> {
  const store = await reopen();
  try {
    const listed = new Set((await store.list('')).map(({ key }) => key));
    const digests: (string | null)[] = [];
    for (const key of keys) digests.push(listed.has(key) ? await digestOf(await store.read(key)) : null);
    return digests;
  } finally {
    await store.close();
  }
}

async function digestOf(content: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
