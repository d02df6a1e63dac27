import { createConnection } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';

/**
 * How to get an answer out of whatever is behind a proxy. `greets`: it speaks first, as MySQL does. `say`
 * gives at least so many bytes, where the protocol allows it, that are answered with about as many.
 */
export interface Talk {
  greets: boolean;
  say(bytes: number): Buffer;
}

/**
 * What came of one exchange on a connection of its own. `tookMs`: from its begin to the last byte that came,
 * null when what was wanted did not come.
 */
export interface Exchange {
  sentBytes: number;
  receivedBytes: number;
  tookMs: number | null;
  ended: 'closed' | 'reset' | 'open';
  endedMs: number;
}

const greetingMs = 500;
const quietMs = 150;
const answerMs = 3_000;
/** An inline PING is answered by Redis; anything else refuses it in its own words, and any word will do. */
const ping = Buffer.from('PING\r\n\r\n');
/**
 * A handshake packet of one byte: MySQL answers with an error (ER_HANDSHAKE_ERROR). It counts against the
 * proxy's address there, so it is sent rarely.
 */
const badHandshake = Buffer.from([1, 0, 0, 1, 0]);

const redisPing = (bytes: number): Buffer =>
  Buffer.from(`*2\r\n$4\r\nPING\r\n$${bytes}\r\n${'x'.repeat(bytes)}\r\n`);

/** Finds out how what is behind a proxy talks. Environment error when nothing answers. */
export async function talkOf(endpoint: Endpoint, name: string, clock: Clock): Promise<Talk> {
  const greeting = await exchange(
    endpoint,
    clock,
    { greets: false, say: () => Buffer.alloc(0) },
    { want: null, deadlineMs: greetingMs },
  );
  if (greeting.receivedBytes > 0) return { greets: true, say: () => badHandshake };
  let words = '';
  const said = await exchange(
    endpoint,
    clock,
    { greets: false, say: () => ping },
    { want: null, deadlineMs: answerMs, heard: (chunk) => (words += chunk.toString('latin1')) },
  );
  if (said.receivedBytes === 0)
    throw environmentError(`nothing answers through the proxy ${name}`, {
      found: `the connection was ${said.ended} after ${Math.round(said.endedMs)} ms without a byte`,
      expected: 'a server behind it',
    });
  return { greets: false, say: words.startsWith('+PONG') ? redisPing : () => ping };
}

export interface ExchangeOptions {
  bytes?: number;
  /** Bytes to wait for; null: until nothing more comes. */
  want: number | null;
  deadlineMs: number;
  heard?(chunk: Buffer): void;
}

/**
 * One connection: says its words, listens until it has what it wants, the other side ends it, or time is up.
 * Never rejects.
 */
export function exchange(
  { host, port }: Endpoint,
  clock: Clock,
  talk: Talk,
  { bytes = 0, want, deadlineMs, heard }: ExchangeOptions,
): Promise<Exchange> {
  const begunMs = clock.nowMs();
  const words = talk.say(bytes);
  const socket = createConnection({ host, port, noDelay: true });
  const seen = { receivedBytes: 0, lastMs: 0, said: false };
  return new Promise((resolve) => {
    let quiet: NodeJS.Timeout | undefined;
    const finish = (ended: Exchange['ended']): void => {
      clearTimeout(limit);
      clearTimeout(quiet);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
      const complete = seen.receivedBytes > 0 && (want === null || seen.receivedBytes >= want);
      resolve({
        sentBytes: seen.said ? words.length : 0,
        receivedBytes: seen.receivedBytes,
        tookMs: complete ? seen.lastMs : null,
        ended,
        endedMs: clock.nowMs() - begunMs,
      });
    };
    const limit = setTimeout(() => finish('open'), deadlineMs);
    const speak = (): void => {
      seen.said = true;
      socket.write(words);
    };
    socket.once('connect', () => {
      if (!talk.greets) speak();
    });
    socket.on('data', (chunk) => {
      seen.receivedBytes += chunk.length;
      seen.lastMs = clock.nowMs() - begunMs;
      heard?.(chunk);
      if (!seen.said) return speak();
      clearTimeout(quiet);
      if (want !== null && seen.receivedBytes >= want) finish('open');
      else if (want === null) quiet = setTimeout(() => finish('open'), quietMs);
    });
    socket.once('end', () => finish('closed'));
    socket.once('error', () => finish('reset'));
  });
}
