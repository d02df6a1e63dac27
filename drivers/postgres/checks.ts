import type { CheckEntry } from '../../core/driver.ts';
import type { PostgresSystem } from './system.ts';

export const checks: Record<string, CheckEntry<PostgresSystem>> = {
  inventory: {
    about:
      'definitions, rows, sequences, indexes, large objects, roles with passwords and rights, and settings are as they were before the load',
    compares: true,
    of: async ({ site }) => {
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-inventory.ts')).inventoryCheck(asClientsMeetIt(site));
    },
  },
  structure: {
    about:
      "pages of tables hold together and each B-tree index has every row, by the server's own extension amcheck",
    of: async ({ site }) => {
      const { asClientsMeetIt } = await import('./server.ts');
      return (await import('./check-structure.ts')).structureCheck(asClientsMeetIt(site));
    },
  },
};
