import type { CheckEntry } from '../../core/driver.ts';
import { refusesWritesCheck } from '../fencing.ts';
import type { MysqlSystem } from './system.ts';

export const checks: Record<string, CheckEntry<MysqlSystem>> = {
  inventory: {
    about:
      'definitions, rows, counters, views, full-text indexes, accounts and grants, foreign keys and settings, persisted ones too, are as they were before the load',
    knownBad: { spoilt: 'a row has another value' },
    compares: true,
    of: async ({ site }) => {
      const { asClientsMeetIt } = await import('./session.ts');
      return (await import('./check-inventory.ts')).inventoryCheck(asClientsMeetIt(site));
    },
  },
  'refuses-writes': {
    about: 'the server refuses a write as read-only, or is off',
    knownBad: { spoilt: 'the server takes writes again' },
    of: async ({ service, site }) => {
      const { attemptWrite } = await import('./write-attempt.ts');
      return refusesWritesCheck(service, () => attemptWrite(site));
    },
  },
  'semi-sync': {
    about: 'every commit waited for a replica: the source never fell back to asynchronous replication',
    knownBad: {
      spoilt: 'the replica stopped, and the source went on without it',
      shownBy: 'test/drivers/mysql/replica-tests.ts',
    },
    compares: true,
    of: async ({ site }) => (await import('./semi-sync.ts')).semiSyncCheck(site),
  },
};
