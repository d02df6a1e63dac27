import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Consistency } from '../core/backup.ts';
import { MusterError, environmentError } from '../core/errors.ts';
import {
  externalSchema,
  pointSchema,
  storedText,
  type ExternalPayload,
  type FilesPayload,
  type RecoveryPoint,
  type StoredFile,
  type StoredPoint,
} from '../core/recovery-point.ts';
import type { PointSpec, PointWriter } from '../core/store.ts';
import { encryption, type Cipher } from './cipher.ts';
import { everyCopy, writeCopies, type Copies } from './copies.ts';
import type { DrillTime } from './drill-time.ts';
import { fileBinding, fileKey, pointKey, pointPrefix, preparedKey, type PointAt } from './layout.ts';
import { sha256Of } from './meter.ts';
import { pack } from './pipe.ts';

export interface PointContext {
  copies: Copies;
  cipher: Cipher | null;
  time: DrillTime;
  drill: string;
}

/** What is done for one point. After a failure, and once it is committed, it takes nothing more. */
function workOn(id: string) {
  const underWay = new Set<Promise<unknown>>();
  const stop = new AbortController();
  let state: 'open' | 'broken' | 'committed' = 'open';
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state !== 'open')
      throw new MusterError('internal', `recovery point ${id} takes nothing more`, {
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
      stop.abort(new MusterError('interrupted', `recovery point ${id} was abandoned`));
      await Promise.allSettled(underWay);
      return true;
    },
  };
}

/**
 * A recovery point being written. Files first; then what is known of it, under the name `prepared` in every
 * copy; then the same under its own. So none is ever visible in one store while a file is missing in another
 * (stores/layout.ts).
 */
export function createPoint(spec: PointSpec, context: PointContext): PointWriter {
  const { copies, cipher, time } = context;
  const id = `${time.utcAt(time.nowMs()).replaceAll(/[-:]/g, '')}-${randomBytes(4).toString('hex')}`;
  const at: PointAt = { component: spec.component, backup: spec.backup, id };
  const files = new Map<string, StoredFile | null>();
  const work = workOn(id);

  const put = async (name: string, content: Readable): Promise<{ plainBytes: number; sha256: string }> => {
    const key = fileKey(at, name, spec.encrypt);
    if (files.has(name))
      throw new MusterError('internal', `file ${name} was put twice into recovery point ${id}`);
    files.set(name, null);
    const file = await pack(content, {
      copies,
      key,
      sealing: cipher && { cipher, binding: fileBinding(at, 'file', name) },
      signal: work.signal,
    });
    files.set(name, { name, key, ...file });
    return { plainBytes: file.plainBytes, sha256: file.plainSha256 };
  };

  const commit = async (consistency: Consistency): Promise<RecoveryPoint> => {
    const { kept } = consistency;
    if (kept && files.size > 0) throw mixed(id);
    const payload = kept ? referencePayload(spec, id, kept) : filesPayload(finished(id, files), cipher);
    const point = pointOf(spec, id, payload, consistency, context);
    const bytes = Buffer.from(storedText(point));
    const sealed = cipher ? await cipher.encrypt(bytes, fileBinding(at, 'point', 'point.json')) : bytes;
    await writeCopies(copies, preparedKey(at), sealed, work.signal);
    await writeCopies(copies, pointKey(at), bytes, work.signal);
    work.committed();
    return { ...point, digest: sha256Of(bytes), provenance: 'drill' };
  };

  return {
    id,
    put: (name, content) => work.attempt(() => put(name, content)),
    commit: (consistency) => work.attempt(() => commit(consistency)),
    abort: async () => {
      if (await work.abandon()) await removeEverywhere(copies, at);
    },
  };
}

const filesPayload = (files: StoredFile[], cipher: Cipher | null): FilesPayload => ({
  kind: 'files',
  compression: 'zstd',
  encryption: cipher && { ...encryption, keyId: cipher.keyId },
  files,
});

const mixed = (id: string): MusterError =>
  new MusterError('internal', `recovery point ${id} has two payloads`, {
    found: 'more beside what the method keeps by itself',
    expected: 'files, or one reference',
  });

/** What cannot be found again, or is empty, is no backup. */
function referencePayload({ encrypt }: PointSpec, id: string, kept: ExternalPayload): StoredPoint['payload'] {
  if (encrypt)
    throw environmentError(`recovery point ${id} is to be encrypted, and its method keeps it by itself`, {
      found: kept.reference,
      expected: 'encrypt: none',
    });
  const parsed = externalSchema.safeParse({ kind: 'external', ...kept });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw environmentError(`what is to be recovery point ${id} is no backup`, {
    found: `${issue.path.join('.')}: ${issue.message}`,
    expected: 'a reference, a byte at least, and the SHA-256 of the content',
  });
}

const pointOf = (
  { component, backup, method }: PointSpec,
  id: string,
  payload: StoredPoint['payload'],
  { atMs, position, tool, server, facts = null }: Consistency,
  { copies, time, drill }: PointContext,
): StoredPoint =>
  pointSchema.parse({
    schema: 'muster/recovery-point/v2',
    id,
    component,
    backup,
    method,
    drill,
    takenAt: time.utcAt(atMs),
    durableAt: time.utcAt(time.nowMs()),
    position,
    tool,
    server,
    facts,
    payload,
    copies: [...copies.keys()],
  } satisfies Record<keyof StoredPoint, unknown>);

/** What makes it visible first and everywhere: while one of these cannot be removed, its files must stay. */
async function removeEverywhere(copies: Copies, at: PointAt): Promise<void> {
  await everyCopy(copies, `removing ${pointKey(at)}`, (store) => store.remove(pointKey(at)));
  await everyCopy(copies, `removing what is left of ${at.id}`, async (store) => {
    for (const { key } of await store.list(pointPrefix(at))) await store.remove(key);
  });
}

/** The files of a point that is to be completed. Throws when there is none, or one is still being put. */
function finished(id: string, files: ReadonlyMap<string, StoredFile | null>): StoredFile[] {
  const unfinished = [...files].filter(([, file]) => file === null).map(([name]) => name);
  if (files.size === 0 || unfinished.length > 0) {
    throw new MusterError('internal', `recovery point ${id} cannot be completed`, {
      found: files.size === 0 ? 'no file was put' : `still being put: ${unfinished.join(', ')}`,
      expected: 'one finished file or more',
    });
  }
  return [...files.values()] as StoredFile[];
}
