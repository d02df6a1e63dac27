import { z } from 'zod';
import { duration } from '../../core/strategy.ts';
import { type catchUpParams, linkParams, withinParam } from '../link.ts';

const link = {
  ...linkParams,
  semiSync: z.boolean().default(false).describe('Commits at the source wait until this replica has them'),
  fallbackAfter: duration
    .default({ text: '10s', ms: 10_000 })
    .describe('How long a commit waits before the source goes on without'),
  within: withinParam,
};

export const replicateParams = z.strictObject(link);

export const rejoinParams = z.strictObject({
  ...link,
  rebuild: z.boolean().default(false).describe('Throw away what this server holds and copy it anew'),
});

export const promoteParams = z.strictObject({ within: withinParam });
export type Link = z.output<typeof replicateParams>;
export type Rejoin = z.output<typeof rejoinParams>;
export type CatchUp = z.output<typeof catchUpParams>;
export type Promote = z.output<typeof promoteParams>;
