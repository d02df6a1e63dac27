import type { AttachContext } from '../../core/driver.ts';
import { knownAccounts } from '../sql/known-accounts.ts';
import type { PostgresConfig } from './config.ts';
import { reachOf } from './credentials.ts';
import { dataHome, folderIn } from './own-data.ts';
import { identify, isReady, type PostgresSite } from './server.ts';
import type { PostgresSystem } from './system.ts';
import { postgresVolume } from './volume.ts';
import { dataWorkload } from './workload.ts';

async function siteOf(context: AttachContext<PostgresConfig>): Promise<PostgresSite> {
  const { component, service, config, clock, seed } = context;
  const reach = await reachOf(context);
  const { server, major, dataFolder, limited } = await identify(reach);
  return {
    ...reach,
    known: knownAccounts(context, reach.account, (says) => [
      [says('POSTGRES_USER') ?? 'postgres', says('POSTGRES_PASSWORD')],
    ]),
    component,
    config,
    clock,
    seed,
    clients: () => context.clients(),
    note: (text) => context.note(text),
    server,
    major,
    limited,
    ...(await dataHome(service, dataFolder ?? (await folderIn(service)), major)),
  };
}

export async function open(context: AttachContext<PostgresConfig>): Promise<PostgresSystem> {
  const site = await siteOf(context);
  return {
    server: site.server,
    service: site.service,
    data: postgresVolume(site),
    site,
    workload: dataWorkload(site),
    ready: () => isReady(site),
    close: async () => undefined,
  };
}
