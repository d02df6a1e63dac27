import { archiveOfAScript } from './archive.ts';
import { defineDriver } from '../../core/driver.ts';
import { checks } from './checks.ts';
import {
  configSchema,
  dumpOptions,
  dumpPosition,
  oldest,
  serverPort,
  type PostgresConfig,
} from './config.ts';
import corruptPages from './faults/corrupt-pages.ts';
import corruptRows from './faults/corrupt-rows.ts';
import deleteRows from './faults/delete-rows.ts';
import dropTable from './faults/drop-table.ts';
import type { PostgresSystem } from './system.ts';

/** A word that no client may have, since pg_dump 17.6, and times that it says when asked to say more. */
const ofOneDump = {
  first: /\\restrict \S+|-- Started on .*/g,
  last: /\\unrestrict \S+|-- Completed on .*/g,
};

export default defineDriver<PostgresConfig, PostgresSystem>({
  about: 'PostgreSQL: consistent dumps of every database with its roles, restored into an empty cluster',
  config: configSchema,
  port: serverPort,
  images: {
    product: 'PostgreSQL',
    names: ['postgres', 'bitnami/postgresql', 'postgis/postgis'],
    oldest: [oldest, 0],
  },
  dataFolders: ['/var/lib/postgresql/data', '/var/lib/postgresql', '/bitnami/postgresql'],
  faults: {
    'corrupt-pages': corruptPages,
    'drop-table': dropTable,
    'delete-rows': deleteRows,
    'corrupt-rows': corruptRows,
  },
  backups: {
    dump: {
      about: 'pg_dump of each database in one snapshot, roles and settings included',
      kind: 'snapshot',
      options: dumpOptions,
      position: dumpPosition,
      of: async ({ site }) => {
        const { backupDump } = await import('./dump.ts');
        const { restoreDump } = await import('./restore.ts');
        const { assertRestoreUsable } = await import('./restorable.ts');
        return {
          backup: backupDump(site),
          restore: restoreDump(site),
          assertUsable: () => assertRestoreUsable(site),
        };
      },
    },
    'database-dump': {
      about: "pg_dump of the application's database alone, by whatever role owns it",
      kind: 'snapshot',
      options: dumpOptions,
      position: dumpPosition,
      standsAlone: true,
      leavesOut: () => [
        'roles, their passwords and what they may do',
        "databases other than the application's",
        'settings of the server and of its databases',
      ],
      of: async ({ site }) => {
        const { backupDatabase } = await import('./database-dump.ts');
        const { restoreDatabase, assertDatabaseUsable } = await import('./database-restore.ts');
        return {
          backup: backupDatabase(site),
          restore: restoreDatabase(site),
          assertUsable: () => assertDatabaseUsable(site),
        };
      },
    },
  },
  existing: {
    about: 'dumps in SQL of pg_dump and pg_dumpall, and archives of pg_dump in its custom format',
    knownBad: {
      spoilt: 'not one row is in any table',
      shownBy: 'test/drivers/postgres/existing.docker.test.ts',
    },
    holds: ['tables', 'views', 'routines', 'triggers', 'users'],
    of: async ({ site }) => (await import('./existing/index.ts')).existingDumps(site),
    fingerprint: async (source) => (await import('./existing/fingerprint.ts')).fingerprintAt(source),
  },
  dumps: [
    {
      about: 'a dump of pg_dump',
      begins: /^--\n-- PostgreSQL database dump\n/,
      ends: /-- PostgreSQL database dump complete\n/,
      varies: ofOneDump,
    },
    {
      about: 'a dump of pg_dumpall',
      begins: /^--\n-- PostgreSQL database cluster dump\n/,
      ends: /-- PostgreSQL database cluster dump complete\n/,
      varies: ofOneDump,
    },
    {
      about: 'an archive of pg_dump',
      begins: /^PGDMP/,
      ends: archiveOfAScript,
      // Its header: versions, sizes of numbers, and when it was made.
      varies: { first: /^PGDMP[^]{45}/g },
    },
  ],
  workload: 'data',
  actions: {},
  checks,
  load: () =>
    Promise.all([
      import('pg'),
      import('./attach.ts'),
      import('./check-inventory.ts'),
      import('./dump.ts'),
      import('./restore.ts'),
    ]),
  open: async (context) => (await import('./attach.ts')).open(context),
});
