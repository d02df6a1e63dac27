import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import { duration } from '../../core/strategy.ts';
import { catchUpParams, linkParams, withinParam } from '../link.ts';
import type { MysqlSystem } from './system.ts';

const link = {
  ...linkParams,
  semiSync: z.boolean().default(false).describe('Commits at the source wait until this replica has them'),
  fallbackAfter: duration
    .default({ text: '10s', ms: 10_000 })
    .describe('How long a commit waits before the source goes on without'),
  within: withinParam,
};
const replicateParams = z.strictObject(link);
const rejoinParams = z.strictObject({
  ...link,
  rebuild: z.boolean().default(false).describe('Throw away what this server holds and copy it anew'),
});
const promoteParams = z.strictObject({ within: withinParam });
const nothing = z.strictObject({});

export type Link = z.output<typeof replicateParams>;
export type Rejoin = z.output<typeof rejoinParams>;
export type CatchUp = z.output<typeof catchUpParams>;
export type Promote = z.output<typeof promoteParams>;

/** A start from cold, crash recovery included. */
const healthyDeadlineMs = 120_000;

const action = actionsOf<MysqlSystem>();

export const actions = {
  'reapply-config': action({
    about: 'put the configuration back that the container was made with, and bring the server up on it',
    params: nothing,
    run: async ({ site }) => {
      await (await import('./wrong-config.ts')).mendConfig(site);
      await site.service.waitHealthy(healthyDeadlineMs);
      return null;
    },
  }),
  restart: action({
    about: 'end the server at once, as when it hangs, and start it',
    params: nothing,
    run: async ({ service }) => {
      if ((await service.state()).status === 'paused') await service.unpause();
      await service.stop(0);
      await service.start();
      await service.waitHealthy(healthyDeadlineMs);
      return null;
    },
  }),
  replicate: action({
    about: 'become a replica of another server of the stack, from a consistent copy of it',
    params: replicateParams,
    run: async ({ site }, params) => (await import('./replica.ts')).replicate(site, params),
  }),
  'catch-up': action({
    about: 'wait until everything that the closed source executed is applied here',
    params: catchUpParams,
    run: async ({ site }, params) => (await import('./replica.ts')).catchUp(site, params),
  }),
  promote: action({
    about: 'apply everything that was received, then replicate no more and take writes',
    params: promoteParams,
    run: async ({ site }, params) => (await import('./replica.ts')).promote(site, params),
  }),
  fence: action({
    about:
      'take no more writes, whatever happens: closed by itself, or stopped through the engine when it does not answer',
    params: nothing,
    run: async ({ site }) => (await import('./fence.ts')).fence(site),
  }),
  rejoin: action({
    about:
      'an old primary becomes a replica of the new one; refused when it holds transactions that the new one lacks',
    params: rejoinParams,
    run: async ({ site }, params) => (await import('./replica.ts')).rejoin(site, params),
  }),
  reopen: action({
    about: 'take a fence away: serve what is there',
    params: nothing,
    run: async ({ site }) => (await import('./fence.ts')).reopen(site),
  }),
};
