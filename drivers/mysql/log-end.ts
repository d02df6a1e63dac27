import { pollUntil, type Clock } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';

/** What a server has written by the moment that it is asked. */
export interface LogEnd {
  file: string;
  bytes: number;
}

export interface Ending {
  clock: Clock;
  /** Null where the server does not answer in time, or is another one. */
  ask(): Promise<LogEnd | null>;
  /** Bytes of a file that are in the log. */
  inLog(file: string): number;
  /** Counts up with all that comes from the server. */
  seen(): number;
  /** Following has ended by itself, which is told elsewhere. */
  over(): boolean;
}

const lookEveryMs = 10;
/** A server that is asked so often in vain, and goes on sending, is not asked any more. */
const asksAtMost = 10;
/** How long is waited without that anything comes, and in all: a recovery waits for it. */
const quietMs = 10_000;
const endMs = 60_000;

/**
 * Waits until what the server had written when it was asked is in the log, as long as more of it comes. One
 * that is asked in vain is away, unless it goes on sending: a busy machine takes seconds to let somebody in.
 * Gives what is lacking of what could be had; null where nothing is.
 */
export async function logEnded(ending: Ending): Promise<string | null> {
  const { clock, inLog, seen, over } = ending;
  const begunMs = clock.nowMs();
  const waited = (): string => formatDuration(clock.nowMs() - begunMs);
  const end = await asked(ending);
  if (end === null) return null;
  if (end === 'unsaid')
    return `for ${waited()} the server went on sending, and did not say what it had written`;
  let [last, sinceMs] = [seen(), clock.nowMs()];
  const isQuiet = (): boolean => {
    if (seen() !== last) [last, sinceMs] = [seen(), clock.nowMs()];
    return clock.nowMs() - sinceMs >= quietMs;
  };
  const isThere = (): boolean => inLog(end.file) >= end.bytes;
  await pollUntil(
    clock,
    { everyMs: lookEveryMs, deadlineMs: endMs },
    async () => over() || isThere() || isQuiet(),
  );
  if (over() || isThere()) return null;
  return `of ${end.bytes} bytes of ${end.file} that the server had written, ${inLog(end.file)} were in the log after ${waited()}`;
}

async function asked({ ask, seen, over }: Ending): Promise<LogEnd | 'unsaid' | null> {
  for (let asks = 0; asks < asksAtMost && !over(); asks += 1) {
    const before = seen();
    const end = await ask();
    if (end !== null || seen() === before) return end;
  }
  return over() ? null : 'unsaid';
}
