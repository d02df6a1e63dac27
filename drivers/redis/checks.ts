import type { CheckEntry } from '../../core/driver.ts';
import { refusesWritesCheck } from '../fencing.ts';
import type { RedisSystem } from './system.ts';

export const checks: Record<string, CheckEntry<RedisSystem>> = {
  'refuses-writes': {
    about: 'the server refuses a write as read-only, or is off',
    knownBad: { spoilt: 'the server takes writes again' },
    of: async ({ service, site }) => {
      const { attemptWrite } = await import('./fence.ts');
      return refusesWritesCheck(service, () => attemptWrite(site));
    },
  },
  ttl: {
    about:
      "keys expire when they should, by absolute time, however long the recovery took: Muster's own, and a sample of the application's",
    knownBad: { spoilt: 'a key that was to expire does so no more' },
    compares: true,
    of: async ({ asClients, site, isVolatile }) =>
      (await import('./expiry.ts')).expiryCheck(asClients, site.component, isVolatile),
  },
  follows: {
    about:
      'a replica still follows its source, and holds what it held right before the fault and what that has',
    knownBad: {
      spoilt:
        'a replica and its source were emptied; or its source is off, its link down, or another server its source; or it forgot its source',
      shownBy: 'test/drivers/replicas.docker.test.ts',
    },
    of: async (system) => (await import('./follows.ts')).followsCheck(system),
  },
  inventory: {
    about:
      'keys, values and expiries of every database, functions, users, commands, and settings that decide about durability and about who may ask what, before and after',
    knownBad: { spoilt: 'a key is missing' },
    compares: true,
    of: ({ inventory }) => inventory,
  },
};
