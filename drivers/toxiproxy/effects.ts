import type { ToxicSpec } from './route-fault.ts';
import type { Exchange, Talk } from './exchange.ts';

type Attributes = Record<string, number>;
/** What is compared: the same exchange before, and several at once now. */
export interface Compared {
  stream: ToxicSpec['stream'];
  talk: Talk;
  greetingBytes: number;
  before: Exchange;
  now: Exchange[];
}

/** What a toxic must look like from outside. */
export interface Effect {
  /** Bytes to exchange so that it shows. */
  bytes(attributes: Attributes): number;
  /** How long to listen for, given how long it took before. */
  listenMs(attributes: Attributes, before: Exchange, stream: ToxicSpec['stream']): number;
  /** Why it could not be seen on this connection, or null. */
  invisible(attributes: Attributes, before: Exchange, stream: ToxicSpec['stream']): string | null;
  /** In words, when it shows. */
  seen(attributes: Attributes, compared: Compared): string | null;
}

/** Clear of the scatter of exchanges on a busy machine; three at once must all be slow. */
const clearMs = 40;
const wantedMs = 400;
const bytesMax = 1024 * 1024;
const silentMs = 600;

const movedBytes = (exchange: Exchange, stream: ToxicSpec['stream']): number =>
  stream === 'downstream' ? exchange.receivedBytes : exchange.sentBytes;

type Takes = (attributes: Attributes, moved: number) => number;

/** A toxic that takes time: the least and the most that it can take for so many bytes in its direction. */
function slows(bytes: (attributes: Attributes) => number, expectedMs: Takes, longestMs: Takes): Effect {
  const least = (attributes: Attributes, before: Exchange, stream: ToxicSpec['stream']): number =>
    expectedMs(attributes, movedBytes(before, stream));
  return {
    bytes: (attributes) => Math.min(bytesMax, Math.ceil(bytes(attributes))),
    listenMs: (attributes, before, stream) =>
      longestMs(attributes, movedBytes(before, stream)) + 4 * (before.tookMs ?? 0) + 2_000,
    invisible: (attributes, before, stream) => {
      const expected = least(attributes, before, stream);
      if (expected >= (before.tookMs ?? 0) + clearMs) return null;
      return `${movedBytes(before, stream)} bytes would take ${Math.round(expected)} ms longer, beside ${Math.round(before.tookMs ?? 0)} ms without it`;
    },
    seen: (attributes, { before, now, stream }) => {
      const expected = least(attributes, before, stream);
      // Slow is not dead: each must have come to its end.
      if (now.some(({ tookMs }) => tookMs === null || tookMs < expected)) return null;
      const fastest = Math.min(...now.map(({ tookMs }) => tookMs!));
      return `an exchange of ${movedBytes(before, stream)} bytes takes ${Math.round(fastest)} ms through it, ${Math.round(before.tookMs!)} ms before`;
    },
  };
}

const timeout: Effect = {
  bytes: () => 0,
  listenMs: ({ timeout: ms }, before) => (ms === 0 ? silentMs : ms! + 500) + 4 * (before.tookMs ?? 0),
  invisible: () => null,
  seen: ({ timeout: ms }, { before, now, stream, talk, greetingBytes }) => {
    // Upstream, what the server says by itself still comes through.
    const passes = stream === 'upstream' && talk.greets ? greetingBytes : 0;
    const held = (exchange: Exchange): boolean =>
      exchange.receivedBytes <= passes &&
      (exchange.ended === 'open' || (ms! > 0 && exchange.endedMs >= 0.9 * ms!));
    if (!now.every(held)) return null;
    const longest = Math.round(Math.max(...now.map(({ endedMs }) => endedMs)));
    return `the connection is accepted and nothing comes back within ${longest} ms; before, ${before.receivedBytes} bytes came within ${Math.round(before.tookMs!)} ms`;
  },
};

const limitData: Effect = {
  bytes: ({ bytes }) => bytes! + 4096,
  listenMs: (_, before) => 4 * (before.tookMs ?? 0) + 2_000,
  invisible: ({ bytes }, before, stream) => {
    const moved = movedBytes(before, stream);
    return moved > bytes!
      ? null
      : `no more than ${moved} bytes can be exchanged here, which ${bytes} bytes let through`;
  },
  seen: ({ bytes }, { before, now, stream }) => {
    const cut = ({ receivedBytes, ended }: Exchange): boolean =>
      ended !== 'open' &&
      receivedBytes < before.receivedBytes &&
      (stream === 'upstream' || receivedBytes <= bytes!);
    if (!now.every(cut)) return null;
    const most = Math.max(...now.map(({ receivedBytes }) => receivedBytes));
    return `the connection ended after ${most} of the ${before.receivedBytes} bytes that came before`;
  },
};

/**
 * Toxics that an exchange through the published port shows. A reset does not survive the engine's own
 * forwarding: see toxic.ts.
 */
export const effects: Record<Exclude<ToxicSpec['type'], 'reset_peer'>, Effect> = {
  // A server that greets speaks twice, and each time it is held.
  latency: slows(
    () => 0,
    ({ latency, jitter }) => latency! - jitter!,
    ({ latency, jitter }) => 2 * (latency! + jitter!),
  ),
  // A rate of 1 KB/s is 1000 bytes a second (bandwidth.go), one byte a millisecond.
  bandwidth: slows(
    ({ rate }) => rate! * wantedMs,
    ({ rate }, moved) => (0.9 * moved) / rate!,
    ({ rate }, moved) => moved / rate!,
  ),
  // Halved until they are small enough, and a pause after each (slicer.go), in microseconds: from the fewest
  // slices that there can be to three times as many.
  slicer: slows(
    ({ average_size, size_variation, delay }) =>
      Math.ceil((wantedMs * 1000) / delay!) * (average_size! + size_variation!),
    ({ average_size, size_variation, delay }, moved) =>
      (Math.floor(moved / (average_size! + size_variation!)) * delay!) / 1000,
    ({ average_size, size_variation, delay }, moved) =>
      (Math.ceil((3 * moved) / (average_size! - size_variation!)) * (delay! + 1000)) / 1000,
  ),
  timeout,
  limit_data: limitData,
};
