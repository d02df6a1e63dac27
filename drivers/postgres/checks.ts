import type { Check, CheckEntry } from '../../core/driver.ts';
import type { PostgresSite } from './server.ts';
import type { PostgresSystem } from './system.ts';

/** Neither roles nor other databases, and no page: what is not looked at is never a pass. */
const unseen = ({ account, service }: PostgresSite): Check => ({
  after: async () => ({
    verdict: 'inconclusive',
    detail: `${account.user} is no superuser of ${service.name}: it cannot look at everything there`,
    facts: null,
  }),
});

export const checks: Record<string, CheckEntry<PostgresSystem>> = {
  inventory: {
    about:
      'definitions, rows, sequences, indexes, large objects, roles with passwords and rights, and settings are as they were before the load',
    knownBad: { spoilt: 'a row has another value' },
    compares: true,
    of: async ({ site }) => {
      if (site.limited) return { ...unseen(site), before: async () => ({}) };
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-inventory.ts')).inventoryCheck(asClientsMeetIt(site));
    },
  },
  structure: {
    about:
      "pages of tables hold together and each B-tree index has every row, by the server's own extension amcheck",
    knownBad: { spoilt: 'an index was built by other rules of sorting than the server has' },
    of: async ({ site }) => {
      if (site.limited) return unseen(site);
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-structure.ts')).structureCheck(asClientsMeetIt(site));
    },
  },
};
