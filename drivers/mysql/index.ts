import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import { configSchema, dumpOptions, replicaActionsAbout, serverPort, type MysqlConfig } from './config.ts';
import closedForWrites from './faults/closed-for-writes.ts';
import corruptPages from './faults/corrupt-pages.ts';
import corruptRows from './faults/corrupt-rows.ts';
import crash from './faults/crash.ts';
import deleteRows from './faults/delete-rows.ts';
import dropTable from './faults/drop-table.ts';
import stalePage from './faults/stale-page.ts';
import wipeVolume from './faults/wipe-volume.ts';
import wrongConfig from './faults/wrong-config.ts';
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
    },
    binlog: {
      about: 'the binary log, as the server writes it',
      kind: 'continuous',
      options: z.strictObject({}),
    },
  },
  workload: 'data',
  actions: {
    'reapply-config':
      'put the configuration back that the container was made with, and bring the server up on it',
    restart: 'end the server at once, as when it hangs, and start it',
    ...replicaActionsAbout,
  },
  takesOver: ['promote'],
  checks: {
    inventory:
      'definitions, rows, counters, views, full-text indexes, accounts and grants, foreign keys and settings, persisted ones too, are as they were before the load',
    'refuses-writes': 'the server refuses a write as read-only, or is off',
    'semi-sync': 'every commit waited for a replica: the source never fell back to asynchronous replication',
  },
  load: () => import('./attach.ts'),
  attach: async (context) => (await import('./attach.ts')).attach(context),
});
