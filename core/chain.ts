import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { TimelineEvent } from './timeline.ts';

/**
 * What JSON says of a value, and no more: what it cannot say is left out or null, as in a file, and half a
 * surrogate pair, which words that were cut off may end with, is U+FFFD (I-JSON, RFC 7493).
 */
export function plainJson<T>(value: T): T {
  const text = JSON.stringify(value);
  if (!text.includes('\\ud')) return JSON.parse(text) as T;
  // JSON.stringify writes halves, and no others, as such an escape.
  const half = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;
  return JSON.parse(
    text.replaceAll(half, (written, code?: string) => (code === undefined ? written : '\ufffd')),
  ) as T;
}

export const firstHash = '0'.repeat(64);

/**
 * SHA-256 over the canonical JSON (RFC 8785) of the event without its own hash; `prev` is inside, which makes
 * the chain. Throws on a number or half a character that JSON does not have.
 */
export function hashEvent(event: Omit<TimelineEvent, 'hash'>): string {
  const { seq, atMs, utc, type, data, prev } = event;
  return createHash('sha256').update(canonicalize({ seq, atMs, utc, type, data, prev })!).digest('hex');
}
