import { z } from 'zod';
import type { UntilOf } from '../../core/until.ts';
import type { Gtids } from './product.ts';

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text, 'i') instanceof RegExp;
  } catch {
    return false;
  }
};

/** What a replay of the binary log can be stopped at. */
export const stopsOf = ({ parse, shape }: Pick<Gtids, 'parse' | 'shape'>) => ({
  beforeGtid: z
    .string()
    .refine((text) => parse(text) !== null, { error: shape })
    .describe('Replay stops before this transaction'),
  beforeStatement: z
    .string()
    .refine(isPattern, { error: 'a regular expression' })
    .describe('Regular expression; replay stops before the first transaction whose statement matches'),
  beforeTime: z.iso
    .datetime({ error: 'UTC, as 2026-01-31T12:00:00Z' })
    .describe('Replay stops before the first transaction that was committed at this time or later'),
  beforePosition: z
    .strictObject({ file: z.string(), position: z.int() })
    .describe('Replay stops before the first transaction that ends after this position'),
});
export type Until = UntilOf<ReturnType<typeof stopsOf>>;
