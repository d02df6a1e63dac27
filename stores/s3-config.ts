import { z } from 'zod';
import { duration } from '../core/strategy.ts';

export const config = z.strictObject({
  service: z.string().describe('Service of the stack that speaks S3'),
  port: z.int().positive().default(7070).describe('Its own port'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .default('muster')
    .describe('Made when missing'),
  signingRegion: z
    .string()
    .default('us-east-1')
    .describe('What S3 calls a region: part of each signature, and no place'),
  versioning: z.boolean().default(true).describe('Turned on in a bucket that Muster makes'),
  timeout: duration
    .prefault('20s')
    .describe('A server that is silent for so long does not answer; it is asked three times'),
});

export type Config = z.output<typeof config>;
