import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import { fenceEntry, reopenEntry } from '../fencing.ts';
import { catchUpParams } from '../link.ts';
import { startAction } from '../start.ts';
import type { RedisSystem } from './system.ts';
import { linked } from './replica-params.ts';

const nothing = z.strictObject({});
const action = actionsOf<RedisSystem>();

export const actions = {
  replicate: action({
    about: 'become a replica of another server of the stack; what was here is gone',
    params: linked,
    run: async ({ site }, params) => (await import('./replica.ts')).replicate(site, params),
  }),
  'catch-up': action({
    about: 'wait until everything that the closed source wrote is here',
    params: catchUpParams,
    run: async ({ site }, params) => (await import('./replica.ts')).catchUp(site, params),
  }),
  promote: action({
    about: 'replicate no more and take writes',
    params: nothing,
    run: async ({ site }) => (await import('./replica.ts')).promote(site),
  }),
  fence: action({
    ...fenceEntry,
    run: async ({ site }) => (await import('./fence.ts')).fence(site),
  }),
  rejoin: action({
    about: 'an old primary becomes a replica of the new one; what only it held is gone',
    params: linked,
    run: async ({ site }, params) => (await import('./replica.ts')).rejoin(site, params),
  }),
  reopen: action({
    ...reopenEntry,
    run: async ({ site }) => (await import('./fence.ts')).reopen(site),
  }),
  start: startAction<RedisSystem>(({ site }) => site.clock),
};
