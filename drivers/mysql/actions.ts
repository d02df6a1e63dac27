import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import { fenceEntry, reopenEntry } from '../fencing.ts';
import { catchUpParams } from '../link.ts';
import type { MysqlSystem } from './system.ts';
import { replicateParams, rejoinParams, promoteParams } from './replica-params.ts';

const nothing = z.strictObject({});

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
    ...fenceEntry,
    run: async ({ site }) => (await import('./fence.ts')).fence(site),
  }),
  rejoin: action({
    about:
      'an old primary becomes a replica of the new one; refused when it holds transactions that the new one lacks',
    params: rejoinParams,
    run: async ({ site }, params) => (await import('./replica.ts')).rejoin(site, params),
  }),
  reopen: action({
    ...reopenEntry,
    run: async ({ site }) => (await import('./fence.ts')).reopen(site),
  }),
};
