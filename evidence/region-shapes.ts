import { z } from 'zod';

const ms = z.number().min(0);
const count = z.int().min(0);
const text = z.string();
const error = text.optional();

/** What reached for a dead or cut off region. */
export const connectionAttempt = z.strictObject({
  from: text,
  service: text,
  port: count,
  count,
  outcome: z.enum(['vanished', 'refused', 'accepted']),
});
export const access = z.strictObject({
  of: text,
  what: text,
  kind: z.enum(['read', 'other', 'power']),
  ok: count,
  failed: count,
  firstAtMs: ms,
  error,
});
