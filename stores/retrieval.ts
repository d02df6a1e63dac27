import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Artifact, PlainFile } from '../core/backup.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { consistentMs, manifestSchema, type FetchContext, type Manifest, type Store } from '../core/store.ts';
import type { Json } from '../core/timeline.ts';
import { canonicalJson } from '../core/chain.ts';
import { encryption, type Cipher } from './cipher.ts';
import { bounded } from './bounded.ts';
import { checkPath } from './key.ts';
import { checkManifestPaths, fileBinding, manifestKey, pointsPrefix, preparedKey } from './layout.ts';
import { download, unpack, type StoredFile } from './pipe.ts';

/** With ten thousand files in a point a manifest has some 5 MB. */
const manifestBytesMax = 16 * 1024 * 1024;

export interface Source {
  store: Store;
  name: string;
  cipher(): Cipher;
}

/**
 * Manifests in one store, newest consistency point first by the wall clock, which the drills that made them
 * share. What is not one of ours, or not where it belongs, is an error.
 */
export async function readPoints(component: string, backup: string, from: Source): Promise<Manifest[]> {
  const prefix = pointsPrefix(component, backup);
  const listed = (await from.store.list(prefix)).filter(({ key }) =>
    /^[^/]+\/manifest\.json$/.test(key.slice(prefix.length)),
  );
  const manifests: Manifest[] = [];
  for (const { key } of listed) {
    checkPath(key, `a key in store ${from.name}`, 'environment');
    const what = `${key} in store ${from.name}`;
    const manifest = parseManifest(await manifestBytes(await from.store.read(key), what), what);
    if (manifestKey(manifest) !== key)
      throw environmentError(`${key} in store ${from.name} is the manifest of something else`, {
        found: manifestKey(manifest),
        expected: key,
      });
    manifests.push(manifest);
  }
  return manifests.sort((a, b) => consistentMs(b) - consistentMs(a) || (a.point < b.point ? 1 : -1));
}

/**
 * Fetches, verifies, decrypts and unpacks into the context's folder. Refuses with the object's name, what was
 * expected and what was found.
 */
export async function retrieve(manifest: Manifest, from: Source, context: FetchContext): Promise<Artifact> {
  checkManifestPaths(manifest);
  const cipher = cipherFor(manifest, from);
  const scratch = await mkdtemp(join(context.folder, '.fetched-'));
  const scratchOf = (file: StoredFile): string => join(scratch, String(manifest.files.indexOf(file)));
  try {
    const storedBytes = total(manifest, 'storedBytes');
    await context.stage('fetch', `recovery point ${manifest.point} from ${from.name}`, async () => {
      await checkSeal(manifest, from, cipher);
      let done = 0;
      for (const file of manifest.files) {
        const progress = (bytes: number): void => context.progress(done + bytes, storedBytes, 'bytes');
        await download(file, {
          store: from.store,
          name: from.name,
          path: scratchOf(file),
          signal: context.signal,
          progress,
        });
        done += file.storedBytes;
      }
    });
    return await context.stage('decrypt', `recovery point ${manifest.point}`, () =>
      unpackAll(manifest, cipher, scratchOf, context),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function unpackAll(
  manifest: Manifest,
  cipher: Cipher | null,
  scratchOf: (file: StoredFile) => string,
  context: FetchContext,
): Promise<Artifact> {
  const plainBytes = total(manifest, 'plainBytes');
  const files: PlainFile[] = [];
  let done = 0;
  for (const file of manifest.files) {
    const target = join(context.folder, file.name);
    const sealing = cipher && { cipher, binding: fileBinding(manifest, 'file', file.name) };
    await unpack(file, {
      path: scratchOf(file),
      target,
      sealing,
      signal: context.signal,
      progress: (bytes) => context.progress(done + bytes, plainBytes, 'bytes'),
    });
    await rm(scratchOf(file));
    done += file.plainBytes;
    files.push({ name: file.name, path: target, bytes: file.plainBytes });
  }
  const { point, method, position, tool, server } = manifest;
  return { point, method, position, tool, server, facts: manifest.facts as Json, files };
}

/** The cipher that a manifest asks for; null when its files are not encrypted. */
function cipherFor(manifest: Manifest, from: Source): Cipher | null {
  if (manifest.encryption === null) return null;
  const { keyId, ...format } = manifest.encryption;
  if (canonicalJson(format) !== canonicalJson(encryption)) {
    throw environmentError(`recovery point ${manifest.point} is encrypted in a way that is not known here`, {
      found: canonicalJson(format),
      expected: canonicalJson(encryption),
    });
  }
  const cipher = from.cipher();
  if (cipher.keyId !== keyId) {
    throw environmentError(`recovery point ${manifest.point} was encrypted with another key`, {
      found: `the key given has the id ${cipher.keyId}`,
      expected: `the key with the id ${keyId}`,
    });
  }
  return cipher;
}

/**
 * What was prepared before the manifest became visible must say the same. Encrypted, it cannot have been
 * written without the key.
 */
async function checkSeal(manifest: Manifest, from: Source, cipher: Cipher | null): Promise<void> {
  const sealed = await readSeal(manifest, from, cipher);
  const differing = (Object.keys(manifest) as (keyof Manifest)[]).filter(
    (name) => canonicalJson(manifest[name]) !== canonicalJson(sealed[name]),
  );
  if (differing.length === 0) return;
  const words = (of: Manifest): string =>
    differing.map((name) => `${name} ${canonicalJson(of[name]).slice(0, 200)}`).join(', ');
  throw environmentError(
    `the manifest of ${manifest.point} in store ${from.name} is refused: it was changed after the backup`,
    { found: words(manifest), expected: words(sealed) },
  );
}

/**
 * What was prepared under that name, opened. Environment error when it is not there, does not open or is no
 * manifest.
 */
export async function readSeal(
  at: { component: string; backup: string; point: string },
  from: Source,
  cipher: Cipher | null,
): Promise<Manifest> {
  const key = preparedKey(at);
  const what = `${key} in store ${from.name}`;
  const bytes = await manifestBytes(await from.store.read(key), what);
  const plain =
    cipher === null
      ? bytes
      : await cipher
          .decrypt(bytes, fileBinding(at, 'manifest', 'manifest.json'), what)
          .catch((error: unknown) => {
            throw environmentError(`${what} is refused: it does not decrypt`, {
              found: messageOf(error),
              expected: 'the seal of the manifest',
              cause: error,
            });
          });
  return parseManifest(plain, what);
}

const manifestBytes = (body: Readable, what: string): Promise<Buffer> =>
  bounded(body, manifestBytesMax, () =>
    environmentError(`${what} is not a manifest`, {
      found: `more than ${manifestBytesMax} bytes`,
      expected: 'a manifest of muster/manifest/v1',
    }),
  );

function parseManifest(bytes: Buffer, what: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw environmentError(`${what} is not a manifest`, {
      found: 'not JSON',
      expected: 'a manifest of muster/manifest/v1',
      cause,
    });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw environmentError(`${what} is not a manifest`, {
    found: `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    expected: 'a manifest of muster/manifest/v1',
  });
}

const total = (manifest: Manifest, what: 'storedBytes' | 'plainBytes'): number =>
  manifest.files.reduce((sum, file) => sum + file[what], 0);
