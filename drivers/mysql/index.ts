import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import { actions } from './actions.ts';
import { checks } from './checks.ts';
import { configSchema, dumpOptions, dumpPosition, serverPort, type MysqlConfig } from './config.ts';
import closedForWrites from './faults/closed-for-writes.ts';
import corruptPages from './faults/corrupt-pages.ts';
import corruptRows from './faults/corrupt-rows.ts';
import crash from './faults/crash.ts';
import deleteRows from './faults/delete-rows.ts';
import dropTable from './faults/drop-table.ts';
import stalePage from './faults/stale-page.ts';
import wipeVolume from './faults/wipe-volume.ts';
import wrongConfig from './faults/wrong-config.ts';
import { stops } from './stops.ts';
import type { MysqlSystem } from './system.ts';

export default defineDriver<MysqlConfig, MysqlSystem>({
  about: 'MySQL: consistent dumps, the binary log followed and replayed to a point in time',
  config: configSchema,
  port: serverPort,
  dataFolders: ['/var/lib/mysql', '/bitnami/mysql/data'],
  faults: {
    crash,
    'wipe-volume': wipeVolume,
    'corrupt-pages': corruptPages,
    'drop-table': dropTable,
    'delete-rows': deleteRows,
    'corrupt-rows': corruptRows,
    'wrong-config': wrongConfig,
    'stale-page': stalePage,
    'closed-for-writes': closedForWrites,
  },
  backups: {
    dump: {
      about: 'mysqldump of everything in one snapshot, accounts included',
      kind: 'snapshot',
      options: dumpOptions,
      position: dumpPosition,
      of: async ({ site }) => {
        const { backupDump } = await import('./dump.ts');
        const { restoreDump } = await import('./restore.ts');
        const { prepareFolder } = await import('./empty-folder.ts');
        const { assertRestoreUsable } = await import('./restorable.ts');
        return {
          backup: backupDump(site),
          restore: restoreDump(site),
          assertUsable: () => assertRestoreUsable(site),
          prepare: () => prepareFolder(site),
        };
      },
    },
    binlog: {
      about: 'the binary log, as the server writes it',
      kind: 'continuous',
      options: z.strictObject({}),
      stops,
      of: async ({ site }) => {
        const { followBinlog } = await import('./follow.ts');
        const { replayBinlog } = await import('./replay.ts');
        const { assertRestoreUsable } = await import('./restorable.ts');
        return {
          follow: followBinlog(site),
          replay: replayBinlog(site),
          assertUsable: () => assertRestoreUsable(site),
        };
      },
    },
  },
  existing: {
    about: 'dumps in SQL, as mysqldump and others write them',
    holds: ['tables', 'views', 'routines', 'triggers', 'events', 'users'],
    of: async ({ site }) => (await import('./existing/index.ts')).existingDumps(site),
    fingerprint: async (source) => (await import('./existing/fingerprint.ts')).fingerprintAt(source),
  },
  workload: 'data',
  actions,
  takesOver: ['promote'],
  checks,
  load: () =>
    Promise.all([
      import('./attach.ts'),
      import('./check-inventory.ts'),
      import('./dump.ts'),
      import('./restore.ts'),
      import('./follow.ts'),
      import('./replay.ts'),
    ]),
  open: async (context) => (await import('./attach.ts')).open(context),
});
