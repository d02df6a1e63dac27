import { z } from 'zod';
import { defineDriver, type Driver } from '../../core/driver.ts';
import { sourceIn } from '../link.ts';
import { actions } from './actions.ts';
import { checks } from './checks.ts';
import {
  configSchema,
  databaseDumpOptions,
  dumpOptions,
  dumpPosition,
  serverPort,
  type MysqlConfig,
} from './config.ts';
import closedForWrites from './faults/closed-for-writes.ts';
import corruptPages from './faults/corrupt-pages.ts';
import corruptRows from './faults/corrupt-rows.ts';
import crash from './faults/crash.ts';
import deleteRows from './faults/delete-rows.ts';
import dropTable from './faults/drop-table.ts';
import stalePage from './faults/stale-page.ts';
import wipeVolume from './faults/wipe-volume.ts';
import wrongConfig from './faults/wrong-config.ts';
import { leftOutOfDatabases, limitedByImage } from './limited.ts';
import type { Product } from './product.ts';
import { stopsOf } from './stops.ts';
import type { MysqlSystem } from './system.ts';

const faults = {
  crash,
  'corrupt-pages': corruptPages,
  'drop-table': dropTable,
  'delete-rows': deleteRows,
  'corrupt-rows': corruptRows,
  'wrong-config': wrongConfig,
  'stale-page': stalePage,
};

/** What takes a server that can be closed, and one that can be made the replica of another. */
const ofReplication = {
  faults: { 'wipe-volume': wipeVolume, 'closed-for-writes': closedForWrites },
  takesOver: ['promote'],
  copiesFrom: { replicate: sourceIn, rejoin: sourceIn },
};
const ofEveryServer = ['reapply-config', 'restart'];

/**
 * The driver of one server of the family. This file and `product.ts` are what a driver of a fork imports; it
 * has the rest from here.
 */
export const driverOf = (
  product: Product,
  own: { about: string; dumpAbout: string; images: readonly string[] },
): Driver<MysqlConfig, MysqlSystem> =>
  defineDriver<MysqlConfig, MysqlSystem>({
    about: own.about,
    config: configSchema,
    port: serverPort,
    images: { product: product.name, names: own.images, oldest: product.oldest },
    dataFolders: ['/var/lib/mysql', `/bitnami/${product.name.toLowerCase()}/data`],
    faults: product.replicates ? { ...faults, ...ofReplication.faults } : faults,
    backups: {
      dump: {
        about: own.dumpAbout,
        kind: 'snapshot',
        options: dumpOptions,
        position: dumpPosition,
        refuses: limitedByImage,
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
      'database-dump': {
        about: `${product.programs.dump[0]} of databases alone, by whatever account owns them`,
        kind: 'snapshot',
        options: databaseDumpOptions,
        position: dumpPosition,
        leavesOut: leftOutOfDatabases,
        standsAlone: true,
        of: async ({ site }) => {
          const { backupDatabases } = await import('./database-dump.ts');
          const { restoreDatabases, assertDatabasesUsable } = await import('./database-restore.ts');
          return {
            backup: backupDatabases(site),
            restore: restoreDatabases(site),
            assertUsable: (_, options = {}) => assertDatabasesUsable(site, options),
          };
        },
      },
      binlog: {
        about: 'the binary log, as the server writes it',
        kind: 'continuous',
        options: z.strictObject({}),
        stops: stopsOf(product.gtids),
        refuses: limitedByImage,
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
      about: `dumps of ${product.name} in SQL, as ${product.programs.dump[0]} and others write them; tars of the data folder`,
      knownBad: {
        spoilt: 'not one row is in any table',
        shownBy: 'test/drivers/mysql/existing.docker.test.ts',
      },
      holds: ['tables', 'views', 'routines', 'triggers', 'events', 'users'],
      of: async ({ site }) => (await import('./existing/index.ts')).existingDumps(site),
      fingerprint: async (source) =>
        (await import('./existing/fingerprint.ts')).fingerprintAt(source, product.name),
    },
    // As mysqldump writes them, and mariadb-dump after a line that other clients do not read.
    dumps: [
      {
        about: 'a dump of mysqldump',
        begins: /^(?:\/\*M?!.*\n)?-- (?:MySQL|MariaDB) dump /,
        ends: /\n-- Dump completed/,
        varies: { last: /-- Dump completed.*/g },
      },
    ],
    workload: 'data',
    actions: product.replicates ? actions : only(actions, ofEveryServer),
    ...(product.replicates
      ? { takesOver: ofReplication.takesOver, copiesFrom: ofReplication.copiesFrom }
      : {}),
    checks: product.replicates ? checks : only(checks, ['inventory']),
    load: () =>
      Promise.all([
        import('./attach.ts'),
        import('./check-inventory.ts'),
        import('./dump.ts'),
        import('./restore.ts'),
        import('./follow.ts'),
        import('./replay.ts'),
      ]),
    open: async (context) => (await import('./attach.ts')).open(context, product),
  });

const only = <Entry>(all: Record<string, Entry>, names: readonly string[]): Record<string, Entry> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
