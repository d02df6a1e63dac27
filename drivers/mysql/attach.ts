import type { AttachContext } from '../../core/driver.ts';
import type { MysqlConfig } from './config.ts';
import { dataHome } from './own-data.ts';
import { identify, isReady } from './server.ts';
import type { MysqlSystem } from './system.ts';
import { mysqlVolume } from './volume.ts';
import { dataWorkload } from './workload.ts';
import { nothingTorn } from './torn.ts';
import type { MysqlSite } from './site.ts';

async function siteOf(context: AttachContext<MysqlConfig>): Promise<MysqlSite> {
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
    replicaState: { role: 'primary', source: null, semiSyncAtEnd: null },
    restored: { torn: nothingTorn },
    server,
    ...(await dataHome(service, dataFolder)),
  };
}

export async function open(context: AttachContext<MysqlConfig>): Promise<MysqlSystem> {
  const site = await siteOf(context);
  return {
    server: site.server,
    service: site.service,
    data: mysqlVolume(site),
    site,
    workload: dataWorkload(site),
    ready: () => isReady(site),
    close: async () => undefined,
  };
}
