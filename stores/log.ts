import { buffer } from 'node:stream/consumers';
import { MusterError, environmentError } from '../core/errors.ts';
import type { LogWriter, PointSpec, Store } from '../core/store.ts';
import type { Cipher } from './cipher.ts';
import { writeCopies, type Copies } from './copies.ts';
import type { DrillTime } from './drill-time.ts';
import { checkPath } from './key.ts';
import { logPrefix, parseSegmentKey, segmentKey, type LogAt } from './layout.ts';
import { sha256Of } from './meter.ts';
import { encodeSegment, segmentBytesMax } from './segment.ts';

export interface DurableSegment {
  segment: number;
  file: string;
  offset: number;
  bytes: number;
  readAtMs: number;
}
export interface LogContext {
  copies: Copies;
  cipher: Cipher | null;
  time: DrillTime;
  drill: string;
  durable(segment: DurableSegment): void;
}

/**
 * Appends to a log, one segment an append, each durable in every copy before the next begins. Goes on where
 * an earlier writer stopped; a segment that had reached only some copies was never acknowledged, and is
 * replaced. An append that fails leaves no segment and may be repeated; its number is not used up.
 */
export async function openLog(
  spec: PointSpec,
  { copies, cipher, time, drill, durable }: LogContext,
): Promise<LogWriter> {
  const at: LogAt = { component: spec.component, backup: spec.backup, drill };
  let { next, previous } = await resume(at, spec.encrypt, copies);
  const stop = new AbortController();
  const lengths = new Map<string, number>();

  const write = async (
    file: string,
    offset: number,
    bytes: Uint8Array,
    readAtMs: number,
  ): Promise<number> => {
    stop.signal.throwIfAborted();
    const segment = next;
    const header = {
      schema: 'muster/segment/v2' as const,
      drill,
      method: spec.method,
      segment,
      file,
      offset,
      bytes: bytes.length,
      sha256: sha256Of(bytes),
      previous,
      readAt: time.utcAt(readAtMs),
    };
    const stored = await encodeSegment(spec, header, bytes, cipher);
    await writeCopies(copies, segmentKey(at, segment, spec.encrypt), stored, stop.signal);
    next += 1;
    previous = sha256Of(stored);
    return segment;
  };

  if (next === 0) await write('', 0, new Uint8Array(), time.nowMs());
  let last: Promise<unknown> = Promise.resolve();
  const append = async (file: string, offset: number, bytes: Uint8Array): Promise<void> => {
    const readAtMs = time.nowMs();
    const turn = last.then(async () => {
      checkAppend(file, offset, bytes, lengths.get(file));
      const segment = await write(file, offset, bytes, readAtMs);
      lengths.set(file, offset + bytes.length);
      durable({ segment, file, offset, bytes: bytes.length, readAtMs });
    });
    last = turn.catch(() => {});
    return turn;
  };
  const close = async (): Promise<void> => {
    await last;
    stop.abort(new MusterError('internal', `the log of ${spec.component}.${spec.backup} is closed`));
  };
  return { append, close };
}

/**
 * `length`: what this writer has appended of the file so far; unknown for a file that an earlier writer
 * began.
 */
function checkAppend(file: string, offset: number, bytes: Uint8Array, length: number | undefined): void {
  checkPath(file, 'a file name in a log');
  if (bytes.length > segmentBytesMax)
    throw new MusterError('internal', `too much for one segment of ${file}`, {
      found: `${bytes.length} bytes`,
      expected: `at most ${segmentBytesMax}`,
    });
  if (offset === 0 || length === undefined || offset === length) return;
  throw new MusterError('internal', `${file} is not appended to at its end`, {
    found: `offset ${offset}`,
    expected: `offset ${length}, or 0 to start it anew`,
  });
}

/** The first number that is not in every copy, and the digest of the segment before it. */
async function resume(
  at: LogAt,
  encrypt: boolean,
  copies: Copies,
): Promise<{ next: number; previous: string | null }> {
  const lengths = await Promise.all(
    [...copies.values()].map(async (store) => (await listSegments(at, store)).length),
  );
  const next = Math.min(...lengths);
  if (Math.max(...lengths) > next + 1) {
    const found = [...copies.keys()].map((name, index) => `${lengths[index]} in ${name}`).join(', ');
    throw environmentError(`the copies of the log of ${at.component}.${at.backup} have drifted apart`, {
      found: `segments: ${found}`,
      expected: 'the same number, or one that only the last write had reached',
    });
  }
  if (next === 0) return { next, previous: null };
  const [store] = copies.values();
  return { next, previous: sha256Of(await buffer(await store!.read(segmentKey(at, next - 1, encrypt)))) };
}

/** What does not compress grows a little, by its header and by encryption. */
const storedBytesMax = segmentBytesMax + 16 * 1024 * 1024;

export interface StoredSegment {
  key: string;
  segment: number;
  encrypted: boolean;
  bytes: number;
}

/**
 * Segments in one store, in order. A number that is missing between others, or a key that is none of ours, is
 * an error.
 */
export async function listSegments(at: LogAt, store: Store): Promise<StoredSegment[]> {
  const found: StoredSegment[] = [];
  for (const { key, bytes } of await store.list(logPrefix(at))) {
    const parsed = parseSegmentKey(key);
    if (!parsed)
      throw environmentError(`the log of ${at.component}.${at.backup} holds something that is no segment`, {
        found: key,
        expected: segmentKey(at, found.length, true),
      });
    if (parsed.segment !== found.length)
      throw environmentError(
        `segment ${found.length} of the log of ${at.component}.${at.backup} is missing`,
        { found: key, expected: segmentKey(at, found.length, parsed.encrypted) },
      );
    if (bytes > storedBytesMax)
      throw environmentError(
        `segment ${found.length} of the log of ${at.component}.${at.backup} is larger than any`,
        { found: `${bytes} bytes`, expected: `at most ${storedBytesMax}` },
      );
    found.push({ key, ...parsed, bytes });
  }
  return found;
}
