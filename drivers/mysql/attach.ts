import type { AttachContext } from '../../core/driver.ts';
import { refusesWritesCheck } from '../fencing.ts';
import type { MysqlConfig } from './config.ts';
import { inventoryCheck } from './check-inventory.ts';
import { replicaActions } from './replica.ts';
import { semiSyncCheck } from './semi-sync.ts';
import { attemptWrite } from './write-attempt.ts';
import { dataHome } from './own-data.ts';
import { backupDump } from './dump.ts';
import { prepareFolder } from './empty-folder.ts';
import { followBinlog } from './follow.ts';
import { nothingTorn } from './other-engines.ts';
import { replayBinlog } from './replay.ts';
import { assertRestoreUsable } from './restorable.ts';
import { restoreDump } from './restore.ts';
import { asClientsMeetIt, identify, isReady, type Site } from './server.ts';
import type { MysqlSystem } from './system.ts';
import { mysqlVolume } from './volume.ts';
import { mendConfig } from './wrong-config.ts';
import { dataWorkload } from './workload.ts';

/** A start from cold, crash recovery included. */
const configDeadlineMs = 120_000;

async function siteOf(context: AttachContext<MysqlConfig>): Promise<Site> {
  const { component, service, config, clock, seed } = context;
  const password = context.secret(config.passwordFrom);
  const { server, dataFolder } = await identify(context, password);
  return {
    component,
    service,
    config,
    clock,
    seed,
    password,
    clients: () => context.clients(),
    note: (text) => context.note(text),
    beganWith: (what) => context.beganWith(what),
    peer: (name) => context.peer(name),
    standing: { role: 'primary', source: null, semiSyncAtEnd: null },
    restored: { torn: nothingTorn },
    server,
    ...(await dataHome(service, dataFolder)),
  };
}

export async function attach(context: AttachContext<MysqlConfig>): Promise<MysqlSystem> {
  const site = await siteOf(context);
  return {
    server: site.server,
    service: site.service,
    data: mysqlVolume(site),
    site,
    backups: {
      dump: {
        backup: backupDump(site),
        restore: restoreDump(site),
        assertUsable: () => assertRestoreUsable(site),
        prepare: () => prepareFolder(site),
      },
      binlog: {
        follow: followBinlog(site),
        replay: replayBinlog(site),
        assertUsable: () => assertRestoreUsable(site),
      },
    },
    workload: dataWorkload(site),
    actions: {
      ...replicaActions(site),
      'reapply-config': async () => {
        await mendConfig(site);
        await site.service.waitHealthy(configDeadlineMs);
        return null;
      },
      restart: async () => {
        if ((await site.service.state()).status === 'paused') await site.service.unpause();
        await site.service.stop(0);
        await site.service.start();
        await site.service.waitHealthy(configDeadlineMs);
        return null;
      },
    },
    checks: {
      inventory: inventoryCheck(asClientsMeetIt(site)),
      'refuses-writes': refusesWritesCheck(site.service, () => attemptWrite(site)),
      'semi-sync': semiSyncCheck(site),
    },
    ready: () => isReady(site),
    close: async () => undefined,
  };
}
