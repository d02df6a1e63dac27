import { z } from 'zod';
import type { UntilOf } from '../../core/until.ts';
import { parseGtid } from './gtid.ts';

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text, 'i') instanceof RegExp;
  } catch {
    return false;
  }
};

/** What a replay of the binary log can be stopped at. */
export const stops = {
  beforeGtid: z
    .string()
    .refine((text) => parseGtid(text) !== null, { error: 'a GTID, as uuid:number' })
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
};
export type Until = UntilOf<typeof stops>;
