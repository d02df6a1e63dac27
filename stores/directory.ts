import {
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  realpathSync,
  statSync,
  type Dirent,
} from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { environmentError } from '../core/errors.ts';
import type { OwnerKnown } from '../core/owner.ts';
import { defineStore, type Store } from '../core/store.ts';
import { claimsIn, type Claims } from './claims.ts';
import { byKey, checkPath, noSuchKey } from './key.ts';

const partials = '.partial';
const chunkBytes = 1024 * 1024;
const notOfAShell = /^(?!~)(?!.*\$[{A-Za-z_])/;

/**
 * A folder of this machine. An object is written to `.partial/`, flushed to the disk, and renamed into place,
 * so that whatever is visible is whole also after a power cut. Only the owner may read what it writes. What a
 * dead process left unfinished goes with the next opening (stores/claims.ts).
 */
export const directory = defineStore({
  about: 'A folder on this machine',
  config: z.strictObject({
    path: z
      .string()
      .min(1)
      .regex(notOfAShell, 'a path as it is: ~ and variables are not replaced')
      .optional()
      .describe("A folder of your own, from the strategy's folder; one of the drill's by default"),
  }),
  within: ({ path }, folder) => (path === undefined ? {} : { path: resolve(folder, path) }),
  place: ({ path }) => (path === undefined ? null : realOf(path).replace(/\/+$/, '').split(sep)),
  missing: ({ path }) => (path === undefined || isFolder(path) ? null : path),
  open: async ({ name, config, folder, owner = null, readOnly = false }) => {
    const wanted = resolve(config.path ?? join(folder, name));
    const opened = async (root: string, known: OwnerKnown | null): Promise<Store> =>
      directoryStore(name, root, await claimsIn(root, partials, known));
    if (readOnly && config.path !== undefined)
      return opened(isFolder(wanted) ? await realpath(wanted) : wanted, null);
    await mkdir(join(wanted, partials), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw environmentError(`store ${name} cannot use its folder`, {
        found: wanted,
        hint: 'Is it a folder that you may write to?',
        cause,
      });
    });
    return opened(await realpath(wanted), owner);
  },
});

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Of what is not there yet, as far as there is something. */
function realOf(path: string): string {
  if (dirname(path) === path || existsSync(path)) return realpathSync(path);
  return join(realOf(dirname(path)), basename(path));
}

function directoryStore(name: string, root: string, claims: Claims): Store {
  const pathOf = (key: string): string => join(root, checkKey(key));
  return {
    write: async (key, body, { signal } = {}) => {
      const path = pathOf(key);
      signal?.throwIfAborted();
      const partial = claims.partial();
      try {
        const bytes = await writeDurably(partial, body, signal);
        await refuseLinks(name, root, path);
        await claims.begun(key);
        const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        signal?.throwIfAborted();
        await rename(partial, path);
        await flushFolders(dirname(path), made === undefined ? dirname(path) : dirname(made));
        await claims.done(key);
        return { bytes };
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
    read: async (key) => {
      const path = pathOf(key);
      try {
        if ((await realpath(path)) !== path) await refuseLinks(name, root, path);
        const { handle, bytes } = await openFile(name, key, path);
        // A byte more than there is, so that a small file takes a small buffer.
        return createReadStream(path, { fd: handle, highWaterMark: Math.min(chunkBytes, bytes + 1) });
      } catch (error) {
        throw isMissing(error) ? noSuchKey(name, key, error) : error;
      }
    },
    list: async (prefix) => {
      const found: { key: string; bytes: number; state: string }[] = [];
      const folder = prefix.includes('/') ? checkKey(prefix.slice(0, prefix.lastIndexOf('/'))) : '';
      for (const entry of await filesBelow(join(root, folder))) {
        const path = join(entry.parentPath, entry.name);
        const key = relative(root, path).split(sep).join('/');
        if (!key.startsWith(prefix) || key.startsWith(`${partials}/`)) continue;
        // Another may remove it between the two looks.
        const is = await stat(path).catch(() => null);
        if (is !== null) found.push({ key, bytes: is.size, state: `${is.ino} ${is.mtimeMs}` });
      }
      return found.sort(byKey);
    },
    remove: async (key) => {
      const path = pathOf(key);
      // The folders on the way; a link that is the object itself is removed, and not what it leads to.
      await refuseLinks(name, root, dirname(path));
      await rm(path, { force: true });
      await claims.done(key);
    },
    close: async () => {},
  };
}

/** Opening a pipe would wait for whoever writes into it: it is opened without waiting, and then looked at. */
async function openFile(
  store: string,
  key: string,
  path: string,
): Promise<{ handle: FileHandle; bytes: number }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const is = await handle.stat();
  if (is.isFile()) return { handle, bytes: is.size };
  await handle.close();
  throw environmentError(`store ${store} cannot read ${key}`, {
    found: `${key} is no file`,
    expected: 'a plain file',
  });
}

function checkKey(key: string): string {
  checkPath(key, 'a key');
  if (key === partials || key.startsWith(`${partials}/`))
    throw environmentError('a key is refused: it names unfinished objects', { found: key });
  return key;
}

/** Bytes written and flushed to the disk. */
async function writeDurably(
  path: string,
  body: Readable | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true, highWaterMark: chunkBytes });
  await pipeline(body instanceof Uint8Array ? Readable.from([body]) : body, file, { signal });
  return file.bytesWritten;
}

/** A rename is durable only when the folder is flushed, and a new folder only when its parent is. */
async function flushFolders(from: string, upTo: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await using handle = await open(folder, 'r');
    await handle.sync();
    if (folder === upTo || folder === dirname(folder)) return;
  }
}

/**
 * A symbolic link inside the store could lead out of it. Looks from the root downwards, as far as there is
 * something.
 */
async function refuseLinks(name: string, root: string, path: string): Promise<void> {
  let at = root;
  for (const segment of relative(root, path).split(sep)) {
    at = join(at, segment);
    const seen = await lstat(at).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (seen === null) return;
    if (seen.isSymbolicLink()) {
      throw environmentError(`store ${name} refuses a path that leads elsewhere`, {
        found: `${relative(root, at)} is a symbolic link`,
        expected: `folders and files inside ${root}`,
      });
    }
  }
}

async function filesBelow(folder: string): Promise<Dirent[]> {
  try {
    return (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
