import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { environmentError } from '../../core/errors.ts';

const headBytes = 256 * 1024;
const tailBytes = 4 * 1024;

export interface DumpHead {
  gtid: string | null;
  file: string | null;
  position: string | null;
}

/**
 * What mysqldump writes before the first table: the GTIDs that the snapshot holds, and where the binary log
 * stood.
 */
export function readHead(text: string): DumpHead {
  const gtid = /^SET @@GLOBAL\.GTID_PURGED=(?:\/\*!80000 '\+'\*\/ )?'([^']*)'/m.exec(text);
  const source =
    /^-- CHANGE (?:REPLICATION SOURCE|MASTER) TO (?:SOURCE|MASTER)_LOG_FILE='([^']+)', (?:SOURCE|MASTER)_LOG_POS=(\d+)/m.exec(
      text,
    );
  return {
    gtid: gtid ? gtid[1]!.replaceAll(/\s/g, '') : null,
    file: source?.[1] ?? null,
    position: source?.[2] ?? null,
  };
}

/** mysqldump's last line. A dump that died half-way lacks it. */
export const isComplete = (tail: string): boolean => /\n-- Dump completed[^\n]*\n$/.test(tail);

export interface DumpWatch {
  stream: Transform;
  head(): DumpHead;
  bytes(): number;
}

/**
 * Comes once the snapshot is open and mysqldump has given its read lock back; before that come only comments
 * and settings.
 */
const bodyBegins = '-- Current Database: ';

/**
 * Passes a dump on and looks at its beginning and end. Nothing of its body passes before `opened`, which is
 * called once its snapshot is. The stream ends only when `ended` gave exit code 0, the last line is there and
 * it is not too small: whoever stores it sees an error otherwise, and never a short file that looks whole.
 */
export function watchDump(
  ended: () => Promise<{ code: number; stderr: string }>,
  floorBytes: number,
  opened: () => Promise<void> = async () => undefined,
  program = 'mysqldump',
): DumpWatch {
  let open = false;
  let head = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let bytes = 0;
  const stream = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
      // Kept, not copied: copies of every chunk that passes are work for the garbage collector
      // (bench/backup-live.ts).
      tail = chunk.length >= tailBytes ? chunk : Buffer.concat([tail.subarray(-tailBytes), chunk]);
      if (open || (head.length < headBytes && !head.includes(bodyBegins))) return done(null, chunk);
      open = true;
      opened().then(() => done(null, chunk), done);
    },
    flush(done) {
      ended().then(
        ({ code, stderr }) =>
          done(
            refusal(
              program,
              { code, stderr, tail: tail.subarray(-tailBytes).toString('utf8'), bytes },
              floorBytes,
            ),
          ),
        done,
      );
    },
  });
  return { stream, head: () => readHead(head.toString('utf8')), bytes: () => bytes };
}

interface Ended {
  code: number;
  stderr: string;
  tail: string;
  bytes: number;
}

function refusal(program: string, { code, stderr, tail, bytes }: Ended, floorBytes: number): Error | null {
  if (code !== 0)
    return environmentError(`${program} ended with code ${code}`, {
      found: stderr.trim().split('\n').slice(-3).join('; ') || 'no message',
      expected: 'code 0',
    });
  if (!isComplete(tail))
    return environmentError('the dump is not complete', {
      found: `${bytes} bytes without the last line`,
      expected: '`-- Dump completed` at the end',
    });
  if (bytes < floorBytes)
    return environmentError('the dump is too small to be one', {
      found: `${bytes} bytes`,
      expected: `at least ${floorBytes}`,
    });
  return null;
}

/**
 * Looks at a dump that lies on this machine before anything is touched for it. Environment error when it is
 * cut off or altered.
 */
export async function inspectDump(path: string, sha256: string | null): Promise<DumpHead> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await file.read(Buffer.alloc(Math.min(size, headBytes)), 0, Math.min(size, headBytes), 0);
    const tail = await file.read(
      Buffer.alloc(Math.min(size, tailBytes)),
      0,
      Math.min(size, tailBytes),
      Math.max(0, size - tailBytes),
    );
    if (!isComplete(tail.buffer.toString('utf8'))) {
      throw environmentError('the dump is cut off: nothing was restored from it', {
        found: `${size} bytes without the last line`,
        expected: '`-- Dump completed` at the end',
      });
    }
    const found = sha256 === null ? null : await digestOf(path);
    if (found !== sha256)
      throw environmentError('the dump was altered: nothing was restored from it', {
        found: `SHA-256 ${found}`,
        expected: `SHA-256 ${sha256}`,
      });
    return readHead(head.buffer.toString('utf8'));
  } finally {
    await file.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
