import { z } from 'zod';
import type { ToxicSpec } from './route-fault.ts';
import { inputError } from '../../core/errors.ts';
import { inPlainWords } from '../../core/expected.ts';

const ms = z.int().min(0).max(60_000);

/**
 * What the server takes without looking (its source, toxics/*.go, 2.12): a negative rate makes it panic, an
 * average size of 0 makes it recurse until its stack is full, and with a variation as large as the size
 * pieces come out empty. So they are looked at here.
 */
export const attributeSchemas = {
  latency: z
    .strictObject({ latency: ms.min(1), jitter: ms.default(0) })
    .refine(({ latency, jitter }) => jitter <= latency, {
      error: 'a jitter of at most the latency',
      path: ['jitter'],
    }),
  bandwidth: z.strictObject({
    rate: z
      .int()
      .min(1, { error: 'at least 1 KB/s; for nothing at all take the toxic timeout' })
      .max(1_000_000),
  }),
  timeout: z.strictObject({
    timeout: ms.refine((value) => value === 0 || value >= 200, {
      error: '0 (never closed), or at least 200 ms: a shorter one cannot be told from a dead server',
    }),
  }),
  reset_peer: z.strictObject({ timeout: ms.max(10_000) }),
  slicer: z
    .strictObject({
      average_size: z.int().min(1).max(1_000_000),
      size_variation: z.int().min(0).default(0),
      delay: z
        .int()
        .min(1, { error: 'at least 1 microsecond: slices without a pause cannot be seen from outside' })
        .max(10_000_000),
    })
    .refine(({ average_size, size_variation }) => size_variation < average_size, {
      error: 'a variation smaller than the average size',
      path: ['size_variation'],
    }),
  limit_data: z.strictObject({
    bytes: z
      .int()
      .min(1)
      .max(512 * 1024),
  }),
} satisfies Record<ToxicSpec['type'], z.ZodType>;

/** Attributes that are safe to send, with defaults. Input error otherwise. */
export function attributesOf(spec: ToxicSpec): Record<string, number> {
  if (spec.type === 'reset_peer' && spec.stream === 'upstream')
    throw inputError("a reset of the server's side cannot be seen from where the clients are", {
      found: spec.stream,
      expected: 'downstream',
    });
  const parsed = attributeSchemas[spec.type].safeParse(spec.attributes, { error: inPlainWords });
  if (parsed.success) return parsed.data;
  throw inputError(`the toxic ${spec.type} would not do what it should`, {
    found: JSON.stringify(spec.attributes),
    expected: parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '),
  });
}
