import { firstHash, hashEvent, plainJson } from '../core/chain.ts';
import type { TimelineEvent } from '../core/timeline.ts';

export interface ChainCheck {
  events: TimelineEvent[];
  /** null when every line is whole and linked. */
  broken: { line: number; reason: string } | null;
}

/**
 * Reads `events.jsonl`. Stops at the first line that is cut, altered or out of order, and says which; what
 * stands before it is valid.
 */
export const readChain = (text: string): ChainCheck => readChainOf(text.split('\n'));

/** The same, line by line; the last one is what follows the last line feed, empty in a whole file. */
export function readChainOf(lines: Iterable<string>): ChainCheck {
  const events: TimelineEvent[] = [];
  let prev = firstHash;
  let line = 0;
  const broken = (reason: string): ChainCheck => ({ events, broken: { line, reason } });
  let whole: string | null = null;
  for (const next of lines) {
    if (whole !== null) {
      if (whole === '') return broken('empty line');
      const event = eventOf(whole, events.length, prev);
      if (typeof event === 'string') return broken(event);
      events.push(event);
      prev = event.hash;
    }
    whole = next;
    line += 1;
  }
  return whole === '' ? { events, broken: null } : broken('last line is cut off');
}

const parts = ['seq', 'atMs', 'utc', 'type', 'data', 'prev', 'hash'].sort().join();
const isTime = (utc: unknown): boolean =>
  typeof utc === 'string' && !Number.isNaN(Date.parse(utc)) && new Date(utc).toISOString() === utc;

/** Nothing beside what the hash is of, and itself. */
const isEvent = (event: TimelineEvent | null): boolean =>
  event !== null &&
  typeof event === 'object' &&
  Object.keys(event).sort().join() === parts &&
  event.data !== null &&
  typeof event.data === 'object' &&
  typeof event.type === 'string' &&
  Number.isFinite(event.atMs) &&
  event.atMs >= 0 &&
  isTime(event.utc);

/** The event on a line, or why it is none. */
function eventOf(line: string, seq: number, prev: string): TimelineEvent | string {
  let event: TimelineEvent;
  try {
    event = JSON.parse(line) as TimelineEvent;
    if (!isEvent(event)) return 'not an event';
    // A key that is there twice is read as one thing by a person, and as the other by a program.
    if (JSON.stringify(line.includes('\\ud') ? plainJson(event) : event) !== line)
      return 'not written as a drill writes it';
    if (event.seq !== seq) return `sequence number ${String(event.seq)}, expected ${seq}`;
    if (event.prev !== prev) return 'does not follow from the line before';
    return hashEvent(event) === event.hash ? event : 'content does not match its hash';
  } catch {
    return 'not JSON';
  }
}
