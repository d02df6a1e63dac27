import type { Attached, AttachContext } from '../../core/driver.ts';
import { refusesWritesCheck } from '../fencing.ts';
import { killLoopAbility } from '../kill-loop.ts';
import { memoryLimitAbility } from '../memory-limit.ts';
import { processAbilities } from '../process.ts';
import { volumeAbilities } from '../volume-abilities.ts';
import type { MysqlConfig } from './config.ts';
import { inventoryCheck } from './check-inventory.ts';
import { closeWrites } from './fence.ts';
import { replicaActions } from './replica.ts';
import { semiSyncCheck } from './semi-sync.ts';
import { attemptWrite } from './write-attempt.ts';
import { corruptPages } from './corrupt-pages.ts';
import { corruptRows } from './corrupt-rows.ts';
import { deleteRows } from './delete-rows.ts';
import { dropTable } from './drop-table.ts';
import { dataHome } from './own-data.ts';
import { backupDump } from './dump.ts';
import { prepareFolder } from './empty-folder.ts';
import { followBinlog } from './follow.ts';
import { nothingTorn } from './other-engines.ts';
import { replayBinlog } from './replay.ts';
import { assertRestoreUsable } from './restorable.ts';
import { restoreDump } from './restore.ts';
import { asClientsMeetIt, identify, isReady, type Site } from './server.ts';
import { stalePages } from './stale-pages.ts';
import { mysqlVolume } from './volume.ts';
import { wipe } from './wipe.ts';
import { mendConfig, wrongConfig } from './wrong-config.ts';
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

export async function attach(context: AttachContext<MysqlConfig>): Promise<Attached> {
  const site = await siteOf(context);
  return {
    server: site.server,
    dataFolder: site.dataFolder,
    ...processAbilities(site.service),
    crash: () => (site.restoring ?? processAbilities(site.service)).crash!(),
    ...killLoopAbility(site.service, site.clock),
    ...memoryLimitAbility(site.service, site.clock),
    ...volumeAbilities(mysqlVolume(site)),
    wipe: () => wipe(site),
    corruptPages: (damage) => corruptPages(site, damage),
    dropTable: (table) => dropTable(site, table),
    deleteRows: (spec) => deleteRows(site, spec),
    corruptRows: (spec) => corruptRows(site, spec),
    wrongConfig: () => wrongConfig(site),
    stalePages: (damage) => stalePages(site, damage),
    closeWrites: () => closeWrites(site),
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
