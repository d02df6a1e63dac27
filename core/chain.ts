import { createHash } from 'node:crypto';
import type { TimelineEvent } from './timeline.ts';

/**
 * Canonical JSON (keys sorted, no blanks, undefined left out), so that a hash does not depend on who wrote
 * it. After RFC 8785 for the JSON that we use.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

export const firstHash = '0'.repeat(64);

/**
 * SHA-256 over the canonical JSON of the event without its own hash; `prev` is inside, which makes the chain.
 */
export function hashEvent(event: Omit<TimelineEvent, 'hash'>): string {
  const { seq, atMs, utc, type, data, prev } = event;
  return createHash('sha256').update(canonicalJson({ seq, atMs, utc, type, data, prev })).digest('hex');
}
