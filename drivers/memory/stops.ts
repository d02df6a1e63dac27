import { z } from 'zod';
import type { UntilOf } from '../../core/until.ts';

/** What a replay of the journal can be stopped at. */
export const stops = {
  beforeEntry: z.int().positive().describe('Replay stops before the entry of this number'),
  beforeStatement: z
    .string()
    .describe('Regular expression; replay stops before the first entry that matches'),
  beforeTime: z.iso.datetime().describe('Replay stops before the first entry of this time or later'),
  beforeByte: z.int().min(0).describe('Replay stops before the entry that begins there in the journal'),
};
export type Until = UntilOf<typeof stops>;
