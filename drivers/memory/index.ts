import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import { actions } from './actions.ts';
import { open } from './attach.ts';
import { configSchema, type MemoryConfig } from './config.ts';
import { copyMethod } from './copy.ts';
import { existingDumps } from './existing.ts';
import { memoryFaults } from './faults.ts';
import { journalMethod } from './follow.ts';
import { hangingMethod, never } from './hanging.ts';
import { inventory } from './inventory.ts';
import { byReference } from './by-reference.ts';
import { rows } from './rows.ts';
import { stops } from './stops.ts';
import type { MemorySystem } from './system.ts';

const shownBy = 'test/drivers/memory.test.ts';
const position = z.strictObject({ history: z.string(), sequence: z.string().regex(/^\d+$/) });

/**
 * A database in Muster's own process. It needs no container (`stack: none`) and passes what every driver must
 * pass. It has no client library to wait for, and on the virtual clock of the tests none may be waited for:
 * loading takes real time.
 */
export default defineDriver<MemoryConfig, MemorySystem>({
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
      position,
      of: (system) => hangingMethod(system, copyMethod(system.database, system.config)),
    },
    kept: {
      about: 'the same, kept by the database itself: the stores hold a reference to it',
      kind: 'snapshot',
      payload: 'external',
      options: z.strictObject({}),
      position,
      of: ({ database, config }) => byReference(database, config),
    },
    journal: {
      about: 'every commit as it happens',
      kind: 'continuous',
      options: z.strictObject({}),
      stops,
      of: ({ database, config, clock }) => journalMethod(database, config, clock),
    },
  },
  existing: {
    about: 'dumps in lines, one row each',
    knownBad: { spoilt: 'not one table is there', shownBy: 'test/engine/existing.test.ts' },
    holds: ['tables'],
    of: ({ database }) => existingDumps(database),
    fingerprint: () => Promise.reject(new Error('it lives in the process of its drill alone')),
  },
  workload: 'data',
  actions,
  checks: {
    rows: {
      about: 'there are rows, and each has the checksum that it was written with',
      knownBad: { spoilt: 'every row is gone', shownBy },
      of: ({ database }) => rows(database),
    },
    inventory: {
      about: 'tables and row counts of the application, before and after',
      knownBad: { spoilt: 'a table was emptied', shownBy },
      compares: true,
      of: ({ database, config, clock }) => {
        const check = inventory(database);
        const { hangs, unnoted } = config.bad;
        if (unnoted) return { ...check, before: () => Promise.reject(new Error('it cannot be read')) };
        return hangs === 'check' ? { ...check, after: () => never(clock) } : check;
      },
    },
  },
  open,
});
