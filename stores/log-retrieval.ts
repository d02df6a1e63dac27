import { mkdir, mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { Artifact, PlainFile } from '../core/backup.ts';
import { environmentError } from '../core/errors.ts';
import type { FetchContext } from '../core/store.ts';
import { bounded } from './bounded.ts';
import { checkPath } from './key.ts';
import type { LogAt } from './layout.ts';
import { listSegments, type StoredSegment } from './log.ts';
import { sha256Of } from './meter.ts';
import type { Source } from './retrieval.ts';
import { decodeSegment, type SegmentHeader } from './segment.ts';

/**
 * S3 answers each in milliseconds; one after the other, thousands of small segments would cost the recovery
 * seconds.
 */
const downloadsAtOnce = 8;

/**
 * Fetches a log and puts its files together. Refuses a missing segment by its number, a segment that is not
 * the one written after its predecessor, and a file with a gap. A file that was started anew at offset 0
 * holds what came since: the newest wins, not the longest. That segments are missing at the end cannot be
 * seen from the log alone; the facts say which one is the last, to be held against the timeline.
 */
export async function retrieveLog(log: LogAt, from: Source, context: FetchContext): Promise<Artifact> {
  const { component, backup, drill } = log;
  const scratch = await mkdtemp(join(context.folder, '.segments-'));
  const fetched = await open(join(scratch, 'fetched'), 'wx+', 0o600);
  try {
    const segments = await context.stage(
      'fetch',
      `log ${component}.${backup} from ${from.name}`,
      async () => {
        const listed = await listSegments(log, from.store);
        if (listed.length === 0)
          throw environmentError(
            `store ${from.name} has no log of ${component}.${backup} by drill ${drill}`,
            { found: 'no segment', expected: 'segment 0 and those after it' },
          );
        return downloadAll(listed, from, fetched, context);
      },
    );
    return await context.stage('decrypt', `log ${component}.${backup}`, () =>
      assemble(log, from, segments, fetched, context),
    );
  } finally {
    await fetched.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface FetchedSegment extends StoredSegment {
  at: number;
}

/**
 * All segments behind each other in one scratch file: with thousands of small ones, a file for each costs
 * more than the segment.
 */
async function downloadAll(
  segments: StoredSegment[],
  from: Source,
  into: FileHandle,
  context: FetchContext,
): Promise<FetchedSegment[]> {
  let total = 0;
  const placed = segments.map((segment) => ({ ...segment, at: (total += segment.bytes) - segment.bytes }));
  let done = 0;
  const atOnce = pLimit(downloadsAtOnce);
  const download = async ({ key, bytes, at }: FetchedSegment): Promise<void> => {
    context.signal.throwIfAborted();
    const body = await bounded(await from.store.read(key), bytes, () =>
      environmentError(`${key} in store ${from.name} is refused: it is longer than it was listed`, {
        expected: `${bytes} bytes`,
      }),
    );
    if (body.length !== bytes)
      throw environmentError(`${key} in store ${from.name} is refused: it is cut off`, {
        found: `${body.length} bytes`,
        expected: `${bytes} bytes`,
      });
    await writeAll(into, body, at);
    done += bytes;
    context.progress(done, total, 'bytes');
  };
  // Nothing more is asked for once one of them is refused.
  await atOnce.map(placed, download).finally(() => atOnce.clearQueue());
  return placed;
}

async function assemble(
  { component, backup, drill }: LogAt,
  from: Source,
  segments: FetchedSegment[],
  fetched: FileHandle,
  context: FetchContext,
): Promise<Artifact> {
  const encrypted = segments[0]!.encrypted;
  const cipher = encrypted ? from.cipher() : null;
  const files = new LogFiles(context.folder);
  let previous: string | null = null;
  let newest: SegmentHeader | null = null;
  try {
    for (const stored of segments) {
      context.signal.throwIfAborted();
      const what = `${stored.key} in store ${from.name}`;
      if (stored.encrypted !== encrypted)
        throw environmentError(`${what} is refused: the log is mixed`, {
          found: words(stored.encrypted),
          expected: words(encrypted),
        });
      const { buffer: body } = await fetched.read(
        Buffer.allocUnsafe(stored.bytes),
        0,
        stored.bytes,
        stored.at,
      );
      const { header, bytes } = await decodeSegment(
        { component, backup, segment: stored.segment, what },
        body,
        cipher,
      );
      if (header.drill !== drill)
        throw environmentError(`${what} is refused: it is of another drill`, {
          found: header.drill,
          expected: drill,
        });
      if (header.previous !== previous)
        throw environmentError(`${what} is refused: it does not follow from the segment before`, {
          found: `previous ${header.previous}`,
          expected: `previous ${previous}`,
        });
      if (stored.segment > 0) await files.append(header, bytes, what);
      previous = sha256Of(body);
      newest = header;
      context.progress(stored.segment + 1, segments.length, 'events');
    }
  } finally {
    await files.close();
  }
  const { segment, method, readAt } = newest!;
  return {
    point: `log-${segment}`,
    method,
    position: { segment: String(segment) },
    tool: '',
    server: '',
    facts: {
      segments: segments.length,
      lastSegment: segment,
      lastReadAt: readAt,
      startedAnew: files.startedAnew,
      limits: ['segments missing after the last one cannot be seen from the log alone'],
    },
    files: files.list(),
  };
}

/** The plain files of a log as they grow. */
class LogFiles {
  readonly startedAnew: string[] = [];
  private readonly folder: string;
  private readonly open = new Map<string, { handle: FileHandle; path: string; bytes: number }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async append({ file, offset }: SegmentHeader, bytes: Buffer, what: string): Promise<void> {
    checkPath(file, `a file name in ${what}`, 'environment');
    let at = this.open.get(file);
    if (offset !== (at?.bytes ?? 0)) {
      if (offset !== 0)
        throw environmentError(`${what} is refused: ${file} has a gap`, {
          found: `offset ${offset}`,
          expected: `offset ${at?.bytes ?? 0}`,
        });
      await at!.handle.truncate(0);
      at!.bytes = 0;
      this.startedAnew.push(file);
    }
    if (!at) {
      const path = join(this.folder, file);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      at = { handle: await open(path, 'wx', 0o600), path, bytes: 0 };
      this.open.set(file, at);
    }
    await writeAll(at.handle, bytes, at.bytes);
    at.bytes += bytes.length;
  }

  list(): PlainFile[] {
    return [...this.open].map(([name, { path, bytes }]) => ({ name, path, bytes }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ handle }) => handle.close()));
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
}

const words = (encrypted: boolean): string =>
  encrypted ? 'an encrypted segment' : 'a segment that is not encrypted';
