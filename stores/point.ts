import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Consistency } from '../core/backup.ts';
import { MusterError } from '../core/errors.ts';
import {
  manifestSchema,
  manifestText,
  type Manifest,
  type PointSpec,
  type PointWriter,
} from '../core/store.ts';
import { encryption, type Cipher } from './cipher.ts';
import { everyCopy, writeCopies, type Copies } from './copies.ts';
import { fileBinding, fileKey, manifestKey, pointPrefix, preparedKey } from './layout.ts';
import { sha256Of } from './meter.ts';
import { pack, type StoredFile } from './pipe.ts';

export interface PointContext {
  copies: Copies;
  cipher: Cipher | null;
  clock: Clock;
  originMs: number;
  drill: string;
}

/** What is done for one point. After a failure, and once it is committed, it takes nothing more. */
function workOn(point: string) {
  const underWay = new Set<Promise<unknown>>();
  const stop = new AbortController();
  let state: 'open' | 'broken' | 'committed' = 'open';
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state !== 'open')
      throw new MusterError('internal', `recovery point ${point} takes nothing more`, {
        found: `it is ${state}`,
        expected: 'it is open',
      });
    const working = work();
    underWay.add(working);
    try {
      return await working;
    } catch (error) {
      state = 'broken';
      stop.abort(error);
      throw error;
    } finally {
      underWay.delete(working);
    }
  };
  return {
    signal: stop.signal,
    attempt,
    committed: (): void => {
      state = 'committed';
    },
    /** Waits until what is under way has ended; false for a point that is committed. */
    abandon: async (): Promise<boolean> => {
      if (state === 'committed') return false;
      state = 'broken';
      stop.abort(new MusterError('interrupted', `recovery point ${point} was abandoned`));
      await Promise.allSettled(underWay);
      return true;
    },
  };
}

/**
 * A recovery point being written. Files first; then the manifest under the name `prepared` in every copy;
 * then under its own. So there is never a manifest in one store while a file is missing in another
 * (stores/layout.ts).
 */
export function createPoint(spec: PointSpec, context: PointContext): PointWriter {
  const { copies, cipher, clock } = context;
  const createdUtc = clock.utc();
  const point = `${createdUtc.replaceAll(/[-:]/g, '')}-${randomBytes(4).toString('hex')}`;
  const at = { component: spec.component, backup: spec.backup, point };
  const begunMs = clock.nowMs();
  const timingsMs: Record<string, number> = {};
  const files = new Map<string, StoredFile | null>();
  const work = workOn(point);

  const put = async (name: string, content: Readable): Promise<{ plainBytes: number; sha256: string }> => {
    const key = fileKey(at, name, spec.encrypt);
    if (files.has(name))
      throw new MusterError('internal', `file ${name} was put twice into recovery point ${point}`);
    files.set(name, null);
    const fromMs = clock.nowMs();
    const file = await pack(content, {
      copies,
      key,
      sealing: cipher && { cipher, binding: fileBinding(at, 'file', name) },
      signal: work.signal,
    });
    files.set(name, { name, key, ...file });
    timingsMs[`put ${name}`] = clock.nowMs() - fromMs;
    return { plainBytes: file.plainBytes, sha256: file.plainSha256 };
  };

  const commit = async (consistency: Consistency): Promise<{ manifest: Manifest; sha256: string }> => {
    const stored = finished(point, files);
    timingsMs['files'] = clock.nowMs() - begunMs;
    const written = { ...at, method: spec.method, createdUtc, timingsMs, files: stored };
    const manifest = manifestOf(written, consistency, context);
    const bytes = Buffer.from(manifestText(manifest));
    const sealed = cipher ? await cipher.encrypt(bytes, fileBinding(at, 'manifest', 'manifest.json')) : bytes;
    await writeCopies(copies, preparedKey(at), sealed, work.signal);
    await writeCopies(copies, manifestKey(at), bytes, work.signal);
    work.committed();
    return { manifest, sha256: sha256Of(bytes) };
  };

  return {
    point,
    put: (name, content) => work.attempt(() => put(name, content)),
    commit: (consistency) => work.attempt(() => commit(consistency)),
    abort: async () => {
      if (await work.abandon()) await removeEverywhere(copies, at);
    },
  };
}

type Written = Pick<
  Manifest,
  'component' | 'backup' | 'point' | 'method' | 'createdUtc' | 'timingsMs' | 'files'
>;

const manifestOf = (
  written: Written,
  consistency: Consistency,
  { copies, cipher, clock, originMs, drill }: PointContext,
): Manifest =>
  manifestSchema.parse({
    schema: 'muster/manifest/v1',
    ...written,
    drill,
    consistentAtMs: consistency.atMs,
    consistentUtc: utcOf(clock, originMs + consistency.atMs),
    position: consistency.position,
    tool: consistency.tool,
    server: consistency.server,
    facts: consistency.facts ?? null,
    compression: 'zstd',
    encryption: cipher && { ...encryption, keyId: cipher.keyId },
    copies: [...copies.keys()],
  } satisfies Record<keyof Manifest, unknown>);

/** The manifest first and everywhere: while one of them cannot be removed, its files must stay. */
async function removeEverywhere(
  copies: Copies,
  at: Pick<Manifest, 'component' | 'backup' | 'point'>,
): Promise<void> {
  await everyCopy(copies, `removing ${manifestKey(at)}`, (store) => store.remove(manifestKey(at)));
  await everyCopy(copies, `removing what is left of ${at.point}`, async (store) => {
    for (const { key } of await store.list(pointPrefix(at))) await store.remove(key);
  });
}

/** What the wall clock said at a moment of the monotonic clock. */
const utcOf = (clock: Clock, atMs: number): string =>
  new Date(Date.parse(clock.utc()) - (clock.nowMs() - atMs)).toISOString();

/** The files of a point that is to be completed. Throws when there is none, or one is still being put. */
function finished(point: string, files: ReadonlyMap<string, StoredFile | null>): StoredFile[] {
  const unfinished = [...files].filter(([, file]) => file === null).map(([name]) => name);
  if (files.size === 0 || unfinished.length > 0) {
    throw new MusterError('internal', `recovery point ${point} cannot be completed`, {
      found: files.size === 0 ? 'no file was put' : `still being put: ${unfinished.join(', ')}`,
      expected: 'one finished file or more',
    });
  }
  return [...files.values()] as StoredFile[];
}
