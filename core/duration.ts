import { z } from 'zod';
import { parseDurationMs } from './units.ts';

/** A duration as it was written, with its value: `5m`, 300000. */
export interface Duration {
  text: string;
  ms: number;
}

const durationExpected = 'a duration with its unit, such as 30s, 5m, 1h30m or 14d';
export const duration = z
  .string({ error: durationExpected })
  .refine((text) => parseDurationMs(text) !== null, { error: durationExpected })
  .transform((text): Duration => ({ text, ms: parseDurationMs(text)! }))
  .meta({
    type: 'string',
    pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d|w))+$',
    description: 'A duration with its unit: 250ms, 30s, 5m, 1h30m, 14d',
  });
