import type { z } from 'zod';
import { defineStore } from '../core/store.ts';
import { config, type Config } from './s3-config.ts';

/** The client library is loaded by the drills that have such a store. */
export const s3 = defineStore<Config>({
  about: 'A bucket of an S3 server',
  config: config as z.ZodType<Config>,
  place: ({ service, port, bucket }) => ['bucket', `${service}:${port}`, bucket],
  load: () => import('./s3-bucket.ts'),
  open: async (context) => (await import('./s3-bucket.ts')).openBucket(context),
});
