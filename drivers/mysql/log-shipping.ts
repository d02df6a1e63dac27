import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pollUntil, type Clock } from '../../core/clock.ts';
import type { LogSink } from '../../core/backup.ts';
import type { Shell } from '../../core/service.ts';
import { following } from './log-state.ts';

/** How often new bytes are looked for. */
const lookEverySeconds = 0.02;
/**
 * A segment at most so often: each is a write to every copy, for which object stores charge. What came
 * meanwhile goes with the next one.
 */
const shipEveryMs = 200;
const gatherEveryMs = 20;

interface InLog {
  bytes: number;
  /** Of all of them. */
  hash: Hash;
}

/** Where files of a log are received, and what of them is in the log by now. */
export interface Shipping {
  clock: Clock;
  shell: Pick<Shell, 'spawn'>;
  /** Of the shell: the files as they are received, and the process that receives them in `.pid`. */
  folder: string;
  to: LogSink;
  /** Nothing is gathered any more. */
  hurried: boolean;
  /** By file, what of it is in the log. */
  inLog: Map<string, InLog>;
  /** Bytes that were received, those that are in the log already included. */
  seen: number;
}

/**
 * Ships one file's bytes as they come. Gives the next file's name when this one is complete, null when
 * nothing more can come. That a file is complete shows in that the next one is there: a server that crashed
 * ends a file without a word. A file that is received once more goes on where the log ends, and begins anew
 * only where it is another by now: what is durable is not given up for what may be cut off again.
 */
export async function ship(shipping: Shipping, file: string): Promise<string | null> {
  const next = following(file);
  const first = await shipped(shipping, file, next, 'go on');
  // Of one that is received only in part, nobody knows yet whether it is another.
  const isAnother = first.how === 'other' || (first.how === 'shorter' && first.isComplete);
  const { isComplete } = isAnother ? await shipped(shipping, file, next, 'anew') : first;
  return isComplete ? next : null;
}

/** `shorter`: it ended before what the log has of it; `other`: it is not what the log has of it. */
interface Shipped {
  how: 'same' | 'shorter' | 'other';
  isComplete: boolean;
}

async function shipped(
  shipping: Shipping,
  file: string,
  next: string,
  from: 'go on' | 'anew',
): Promise<Shipped> {
  const { shell, folder, inLog } = shipping;
  const reading = await shell.spawn(['sh', '-c', readScript, 'ship', folder, file, next]);
  try {
    const how = await append(shipping, file, reading.stdout, from === 'anew' ? undefined : inLog.get(file));
    if (how !== 'other') return { how, isComplete: (await reading.done).code === 0 };
    await reading.kill().catch(() => undefined);
    return { how, isComplete: false };
  } catch (error) {
    await reading.kill().catch(() => undefined);
    throw error;
  }
}

/** `had`: what is in the log, and is only compared. */
async function append(
  shipping: Shipping,
  file: string,
  stdout: Readable,
  had: InLog | undefined,
): Promise<Shipped['how']> {
  const { clock, to, inLog } = shipping;
  const full = (): boolean => stdout.readableLength >= stdout.readableHighWaterMark;
  const gathered = { everyMs: gatherEveryMs, deadlineMs: shipEveryMs };
  const compared = createHash('sha256');
  const known = had?.bytes ?? 0;
  let offset = 0;
  for await (const chunk of stdout) {
    const bytes = chunk as Buffer;
    shipping.seen += bytes.length;
    const there = bytes.subarray(0, Math.max(0, known - offset));
    compared.update(there);
    offset += there.length;
    if (had && there.length > 0 && offset === known && !isSame(compared, had.hash)) return 'other';
    const fresh = bytes.subarray(there.length);
    if (fresh.length === 0) continue;
    await to.append(file, offset, fresh);
    const { hash } = offset === 0 ? { hash: createHash('sha256') } : inLog.get(file)!;
    offset += fresh.length;
    inLog.set(file, { bytes: offset, hash: hash.update(fresh) });
    await pollUntil(clock, gathered, async () => shipping.hurried || full());
  }
  return offset < known ? 'shorter' : 'same';
}

const isSame = (one: Hash, other: Hash): boolean => one.copy().digest('hex') === other.copy().digest('hex');

/**
 * tail reads once more after the process that it watches has ended, so nothing written before that is left
 * behind.
 */
const readScript = `
  cd "$1"
  ( while kill -0 "$(cat .pid)" 2>/dev/null && [ ! -e "$3" ]; do sleep 0.1; done ) >/dev/null &
  tail -c +1 -F -s ${lookEverySeconds} --pid=$! "$2"
  [ -e "$3" ]`;
