import type { AttachContext } from '../../core/driver.ts';
import { knownAccounts } from '../sql/known-accounts.ts';
import type { MysqlConfig } from './config.ts';
import { dataHome } from './own-data.ts';
import type { Product } from './product.ts';
import { findPrograms } from './programs.ts';
import { identify, isReady } from './server.ts';
import type { MysqlSystem } from './system.ts';
import { mysqlVolume } from './volume.ts';
import { dataWorkload } from './workload.ts';
import { nothingTorn } from './torn.ts';
import type { MysqlSite } from './site.ts';

async function siteOf(context: AttachContext<MysqlConfig>, product: Product): Promise<MysqlSite> {
  const { component, service, config, clock, seed } = context;
  const password = passwordOf(context, product);
  const { server, dataFolder, tls, tlsAccount } = await identify(context, password, product);
  return {
    product,
    ...(await findPrograms(service, product)),
    component,
    service,
    config,
    clock,
    seed,
    password,
    known: knownAccounts(context, { user: config.user, password }, (says) => [
      ...product.passwords.map((name) => ['root', says(name)] as const),
      ...product.accountsSaid.map(([name, secret]) => [says(name), says(secret)] as const),
    ]),
    tls,
    tlsAccount,
    clients: () => context.clients(),
    note: (text) => context.note(text),
    scratch: () => context.scratch(),
    beganWith: (what) => context.beganWith(what),
    peer: (name) => context.peer(name),
    replicaState: { role: 'primary', source: null, semiSyncAtEnd: null },
    restored: { torn: nothingTorn },
    server,
    ...(await dataHome(service, dataFolder, product.dataEntry)),
  };
}

/**
 * By the name that the strategy says; where it says none, by the first of the usual names that the service
 * has one by. One that says it needs none has none.
 */
function passwordOf(context: AttachContext<MysqlConfig>, { passwords, needsNone }: Product): string {
  const { passwordFrom } = context.config;
  if (passwordFrom !== undefined) return context.secret(passwordFrom);
  const says = (name: string): boolean => Boolean(context.own?.(name));
  const own = passwords.find(says);
  if (own === undefined && needsNone.some(says)) return '';
  return context.secret(own ?? passwords[0]!);
}

export async function open(context: AttachContext<MysqlConfig>, product: Product): Promise<MysqlSystem> {
  const site = await siteOf(context, product);
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
