import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import { attach } from './attach.ts';
import { configSchema } from './config.ts';
import { memoryFaults } from './faults.ts';

/**
 * A database in Muster's own process. It needs no container (`stack: none`) and passes what every driver must
 * pass. It has no client library to wait for, and on the virtual clock of the tests none may be waited for:
 * loading takes real time.
 */
export default defineDriver({
  about: 'a little database in this process, for trying drills without containers',
  config: configSchema,
  port: 0,
  inProcess: true,
  faults: memoryFaults,
  backups: {
    copy: {
      about: 'every row with its checksum, as of one moment',
      kind: 'snapshot',
      options: z.strictObject({}),
    },
    journal: { about: 'every commit as it happens', kind: 'continuous', options: z.strictObject({}) },
  },
  workload: 'data',
  actions: { seed: 'fill a table of the application with rows', clear: 'remove all rows of a table' },
  checks: { inventory: 'tables and row counts of the application, before and after' },
  attach,
});
