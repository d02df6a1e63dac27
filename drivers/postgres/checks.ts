import type { CheckEntry } from '../../core/driver.ts';
import type { PostgresSystem } from './system.ts';

export const checks: Record<string, CheckEntry<PostgresSystem>> = {
  inventory: {
    about:
      'definitions, rows, sequences, indexes, large objects, roles with passwords and rights, and settings are as they were before the load',
    knownBad: { spoilt: 'a row has another value' },
    compares: true,
    of: async ({ site }) => {
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-inventory.ts')).inventoryCheck(asClientsMeetIt(site));
    },
  },
  structure: {
    about:
      "pages of tables hold together and each B-tree index has every row, by the server's own extension amcheck",
    knownBad: { spoilt: 'an index was built by other rules of sorting than the server has' },
    of: async ({ site }) => {
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-structure.ts')).structureCheck(asClientsMeetIt(site));
    },
  },
};
