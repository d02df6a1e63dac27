import { kinds } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';

/** What is rounded on the way; a duration is kept with seven digits. */
const roundedMs = 1;
const roundedShare = 1e-6;

/** From when until when records of a load may be; Infinity where nothing says so. */
interface Span {
  begunMs: number;
  endedMs: number;
  readBackMs: number;
  readMs: number;
}

/** The timeline's bounds of each record's time, asked in the order of the records. */
export interface TimeBounds {
  /** Why the record cannot be of that time; null where it can. */
  contradicts(load: number, kind: number, byte: number, invokedMs: number, durationMs: number): string | null;
}

/**
 * A record is made when its operation has ended: after its load began, by the time that its chunk was
 * written, and before the load ended, or, of what was read back, while that was done.
 */
export function boundsOf(events: readonly TimelineEvent[]): TimeBounds {
  const verifyMs =
    eventsOf(events, 'phase.begun').find(({ data }) => data.phase === 'verify')?.atMs ?? -Infinity;
  const spans: Span[] = [];
  for (const { atMs, data } of eventsOf(events, 'load.begun'))
    spans[data.index] = { begunMs: atMs, endedMs: Infinity, readBackMs: verifyMs, readMs: Infinity };
  for (const { atMs, data } of eventsOf(events, 'load.ended'))
    if (spans[data.index]) spans[data.index]!.endedMs = atMs;
  for (const { atMs, data } of eventsOf(events, 'readback.ended'))
    if (data.complete && spans[data.index]) spans[data.index]!.readMs = atMs;
  const chunks = eventsOf(events, 'ledger.chunk');
  let at = 0;
  return {
    contradicts: (load, kind, byte, invokedMs, durationMs) => {
      while (at < chunks.length && byte >= chunks[at]!.data.offset + chunks[at]!.data.bytes) at += 1;
      const span = spans[load]!;
      const endMs = invokedMs + durationMs;
      const slackMs = roundedMs + roundedShare * durationMs;
      const [fromMs, untilMs] =
        kind === kinds.readback ? [span.readBackMs, span.readMs] : [span.begunMs, span.endedMs];
      if (invokedMs < fromMs - slackMs) return `was invoked at ${invokedMs} ms, and not from ${fromMs} ms on`;
      if (endMs > untilMs + slackMs) return `ended at ${endMs} ms, and its load by ${untilMs} ms`;
      const chunk = chunks[at];
      return chunk && endMs > chunk.atMs + slackMs
        ? `ended at ${endMs} ms, and was written down by ${chunk.atMs} ms`
        : null;
    },
  };
}
