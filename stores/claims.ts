import { createHash, randomUUID } from 'node:crypto';
import { lstat, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OwnerKnown } from '../core/owner.ts';

/** Names of files in `.partial/`: whose they are stands behind the @. */
const unfinished = /^[0-9a-f-]{36}@(.+)$/;
const claim = /^([0-9a-f]{32})\.point@(.+)$/;
/** Not every file system that is mounted takes a colon. */
const named = (owner: string): string => owner.replaceAll(':', '~');
const ownerNamed = (name: string): string => name.replaceAll('~', ':');
/** The folder of one recovery point (stores/layout.ts). */
const pointOf = /^points(?:\/[^/]+){3}\//;

/**
 * What a process has begun in a folder that others use as well, and not finished: so that whoever opens it
 * next can remove what a dead one left. A point is claimed before the first of its files lies there, until
 * it is prepared: then every copy is whole (stores/layout.ts), and none of it is removed here.
 */
export interface Claims {
  /** Path of a new unfinished object. */
  partial(): string;
  /** Before an object is put in place under that key. */
  begun(key: string): Promise<void>;
  /** After it was put in place, or removed. */
  done(key: string): Promise<void>;
}

export async function claimsIn(root: string, partials: string, known: OwnerKnown | null): Promise<Claims> {
  const folder = join(root, partials);
  if (known) await removeLeft(root, folder, known);
  const claimed = new Map<string, Promise<void>>();
  const pathOf = (point: string): string =>
    join(
      folder,
      `${createHash('sha256').update(point).digest('hex').slice(0, 32)}.point@${known && named(known.owner)}`,
    );
  return {
    partial: () => join(folder, known ? `${randomUUID()}@${named(known.owner)}` : randomUUID()),
    begun: async (key) => {
      const point = pointOf.exec(key)?.[0];
      if (point === undefined || known === null || isEnd(key)) return;
      if (!claimed.has(point)) claimed.set(point, writeClaim(pathOf(point), point));
      await claimed.get(point);
    },
    done: async (key) => {
      const point = pointOf.exec(key)?.[0];
      if (point === undefined || !claimed.has(point)) return;
      if (!isEnd(key) && !(await isEmpty(join(root, point)))) return;
      claimed.delete(point);
      await rm(pathOf(point), { force: true });
    },
  };
}

const isEnd = (key: string): boolean => /\/point\.(?:prepared|json)$/.test(key);

/** On the disk before what it claims is: a power cut leaves no file that nobody has claimed. */
async function writeClaim(path: string, point: string): Promise<void> {
  await writeFile(path, point, { mode: 0o600, flush: true });
  await using handle = await open(dirname(path), 'r');
  await handle.sync();
}

async function removeLeft(root: string, folder: string, known: OwnerKnown): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = unfinished.exec(name)?.[1] ?? claim.exec(name)?.[2];
    const path = join(folder, name);
    const seen = owner === undefined ? null : await lstat(path).catch(() => null);
    if (!seen?.isFile() || !known.isGone(ownerNamed(owner!), seen.mtimeMs)) continue;
    if (claim.test(name)) await removeUnprepared(root, await readFile(path, 'utf8').catch(() => ''));
    await rm(path, { force: true });
  }
}

/** One that is prepared may be visible in another store: all of it stays. */
async function removeUnprepared(root: string, point: string): Promise<void> {
  if (pointOf.exec(point)?.[0] !== point || point.split('/').includes('..')) return;
  const at = join(root, point);
  for (let part = dirname(join(at, '.')); part !== root; part = dirname(part))
    if (!(await lstat(part).catch(() => null))?.isDirectory()) return;
  for (const end of ['point.prepared', 'point.json'])
    if (await lstat(join(at, end)).catch(() => null)) return;
  await rm(at, { recursive: true, force: true });
}

const isEmpty = async (folder: string): Promise<boolean> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])).every((one) =>
    one.isDirectory(),
  );
