import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Artifact, PlainFile } from '../core/backup.ts';
import { AnotherKey, environmentError, messageOf } from '../core/errors.ts';
import {
  encryptionOf,
  filesOf,
  newestFirst,
  pointSchema,
  type RecoveryPoint,
  type StoredFile,
  type StoredPoint,
} from '../core/recovery-point.ts';
import type { FetchContext, Store } from '../core/store.ts';
import type { Json } from '../core/timeline.ts';
import { encryption, type Cipher } from './cipher.ts';
import { bounded } from './bounded.ts';
import { checkPath } from './key.ts';
import { checkPaths, fileBinding, pointKey, pointsPrefix, preparedKey, type PointAt } from './layout.ts';
import { sha256Of } from './meter.ts';
import { download, unpack } from './pipe.ts';

/** With ten thousand files in it, what is stored of a point has some 5 MB. */
const pointBytesMax = 16 * 1024 * 1024;

export interface Source {
  store: Store;
  name: string;
  cipher(): Cipher;
}

/**
 * Recovery points in one store, newest consistency point first, as the drill `drill` sees them. What is not
 * one of ours, or not where it belongs, is an error.
 */
export async function readPoints(
  component: string,
  backup: string,
  from: Source,
  drill: string,
): Promise<RecoveryPoint[]> {
  const prefix = pointsPrefix(component, backup);
  const listed = (await from.store.list(prefix)).filter(({ key }) =>
    /^[^/]+\/point\.json$/.test(key.slice(prefix.length)),
  );
  const points: RecoveryPoint[] = [];
  for (const { key } of listed) {
    checkPath(key, `a key in store ${from.name}`, 'environment');
    const what = `${key} in store ${from.name}`;
    const bytes = await pointBytes(await from.store.read(key), what);
    const point = parsePoint(bytes, what);
    if (pointKey(point) !== key)
      throw environmentError(`${what} is the recovery point of another place`, {
        found: pointKey(point),
        expected: key,
      });
    const provenance = point.drill === drill ? 'drill' : 'external';
    points.push({ ...point, digest: sha256Of(bytes), provenance });
  }
  return points.sort(newestFirst);
}

/**
 * Fetches, verifies, decrypts and unpacks into the context's folder; of what its method keeps by itself, the
 * reference is verified and handed on. Refuses with the object's name, what was expected and what was found.
 */
export async function retrieve(point: RecoveryPoint, from: Source, context: FetchContext): Promise<Artifact> {
  checkPaths(point);
  const files = filesOf(point);
  const cipher = cipherFor(point, from);
  const scratch = await mkdtemp(join(context.folder, '.fetched-'));
  const scratchOf = (file: StoredFile): string => join(scratch, String(files.indexOf(file)));
  try {
    const storedBytes = total(files, 'storedBytes');
    await context.stage('fetch', `recovery point ${point.id} from ${from.name}`, async () => {
      await checkSeal(point, from, cipher);
      let done = 0;
      for (const file of files) {
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
    if (point.payload.kind === 'external') {
      const { kind: _, ...external } = point.payload;
      return { ...artifactOf(point, []), external };
    }
    return await context.stage('decrypt', `recovery point ${point.id}`, () =>
      unpackAll(point, cipher, scratchOf, context),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function unpackAll(
  point: RecoveryPoint,
  cipher: Cipher | null,
  scratchOf: (file: StoredFile) => string,
  context: FetchContext,
): Promise<Artifact> {
  const files = filesOf(point);
  const plainBytes = total(files, 'plainBytes');
  const unpacked: PlainFile[] = [];
  let done = 0;
  for (const file of files) {
    const target = join(context.folder, file.name);
    const sealing = cipher && { cipher, binding: fileBinding(point, 'file', file.name) };
    await unpack(file, {
      path: scratchOf(file),
      target,
      sealing,
      signal: context.signal,
      progress: (bytes) => context.progress(done + bytes, plainBytes, 'bytes'),
    });
    await rm(scratchOf(file));
    done += file.plainBytes;
    unpacked.push({ name: file.name, path: target, bytes: file.plainBytes });
  }
  return artifactOf(point, unpacked);
}

const artifactOf = (
  { id, method, position, tool, server, facts }: RecoveryPoint,
  files: PlainFile[],
): Artifact => ({ point: id, method, position, tool, server, facts: facts as Json, files });

/** The cipher that a recovery point asks for; null when its files are not encrypted. */
function cipherFor(point: RecoveryPoint, from: Source): Cipher | null {
  const { id } = point;
  const asked = encryptionOf(point);
  if (asked === null) return null;
  const { keyId, ...format } = asked;
  if (!isDeepStrictEqual(format, encryption)) {
    throw environmentError(`recovery point ${id} is encrypted in a way that is not known here`, {
      found: JSON.stringify(format),
      expected: JSON.stringify(encryption),
    });
  }
  const cipher = from.cipher();
  if (cipher.keyId !== keyId) {
    throw new AnotherKey(`recovery point ${id} was encrypted with another key`, {
      found: `the key given has the id ${cipher.keyId}`,
      expected: `the key with the id ${keyId}`,
    });
  }
  return cipher;
}

/**
 * What was prepared before the point became visible must say the same. Encrypted, it cannot have been written
 * without the key.
 */
async function checkSeal(point: RecoveryPoint, from: Source, cipher: Cipher | null): Promise<void> {
  const sealed = await readSeal(point, from, cipher);
  const differing = (Object.keys(sealed) as (keyof StoredPoint)[]).filter(
    (name) => !isDeepStrictEqual(point[name], sealed[name]),
  );
  if (differing.length === 0) return;
  const words = (of: StoredPoint): string =>
    differing.map((name) => `${name} ${JSON.stringify(of[name]).slice(0, 200)}`).join(', ');
  throw environmentError(
    `recovery point ${point.id} in store ${from.name} is refused: it was changed after the backup`,
    { found: words(point), expected: words(sealed) },
  );
}

/**
 * What was prepared under that name, opened. Environment error when it is not there, does not open or is no
 * recovery point.
 */
export async function readSeal(at: PointAt, from: Source, cipher: Cipher | null): Promise<StoredPoint> {
  const key = preparedKey(at);
  const what = `${key} in store ${from.name}`;
  const bytes = await pointBytes(await from.store.read(key), what);
  const plain =
    cipher === null
      ? bytes
      : await cipher.decrypt(bytes, fileBinding(at, 'point', 'point.json'), what).catch((error: unknown) => {
          throw environmentError(`${what} is refused: it does not decrypt`, {
            found: messageOf(error),
            expected: 'the seal of the recovery point',
            cause: error,
          });
        });
  return parsePoint(plain, what);
}

const noPoint = (what: string, found: string, cause?: unknown): Error =>
  environmentError(`${what} is not a recovery point`, {
    found,
    expected: pointSchema.shape.schema.value,
    cause,
  });

const pointBytes = (body: Readable, what: string): Promise<Buffer> =>
  bounded(body, pointBytesMax, () => noPoint(what, `more than ${pointBytesMax} bytes`));

function parsePoint(bytes: Buffer, what: string): StoredPoint {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw noPoint(what, 'not JSON', cause);
  }
  const parsed = pointSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw noPoint(what, `${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

const total = (files: readonly StoredFile[], what: 'storedBytes' | 'plainBytes'): number =>
  files.reduce((sum, file) => sum + file[what], 0);
