import type { AttachContext } from '../../core/driver.ts';
import type { DataWorkload } from '../../core/workload.ts';
import { environmentError } from '../../core/errors.ts';
import { port, type RedisConfig } from './config.ts';
import { sharedEndpoint, type Address } from './connection.ts';
import { replicasNeeded } from './fence.ts';
import { inventoryCheck } from './inventory.ts';
import { earlyKeys, type EarlyKeys } from './early-keys.ts';
import { lentOf } from './lent.ts';
import { linksIn } from './links.ts';
import { ownershipOf } from './ownership.ts';
import { versionOf } from './position.ts';
import { isInPlace, roleAtStart } from './replica.ts';
import { openServer, persistenceOf, type Server } from './server.ts';
import type { Product } from './product.ts';
import type { RedisSite } from './site.ts';
import { remembered, serversAmong, type RedisSystem } from './system.ts';
import { volatileOf } from './volatile-keys.ts';
import { redisVolume } from './volume.ts';
import { redisWorkload } from './workload.ts';

async function versionFrom(
  server: Server,
  { name, versionField, answers, oldest }: Product,
): Promise<string> {
  const info = await server.info('server');
  const version = info[versionField];
  if (version === undefined || !answers(info))
    throw environmentError(`this is no server of ${name}`, {
      found: `${info['server_name'] ?? 'a server without a name'}, as of Redis ${info['redis_version']}`,
      expected: name,
      hint: "name that server's own driver in the strategy",
    });
  const [major, minor] = versionOf(version);
  if (major! < oldest[0] || (major === oldest[0] && minor! < oldest[1]))
    throw environmentError(`this ${name} is too old`, {
      found: version,
      expected: `${oldest.join('.')} or newer`,
    });
  return `${name} ${version}`;
}

const preparedAfter = ({ remember }: Pick<EarlyKeys, 'remember'>, workload: DataWorkload): DataWorkload => ({
  ...workload,
  prepare: async () => {
    await remember();
    await workload.prepare();
  },
});

/** Where it is reached: at its own port, and at the clients' way in, wherever a failover has put that. */
interface Ways {
  own(): Address;
  clients(): Address;
  /** These are not the same: the strategy names a way in that is another one. */
  differ: boolean;
}
type Credentials = RedisSite['credentials'];

async function credentialsOf(context: AttachContext<RedisConfig>): Promise<Credentials> {
  const { username, passwordFrom } = context.config;
  const password = passwordFrom === undefined ? await ownPassword(context) : context.secret(passwordFrom);
  return { username, password };
}

/** In its command; or in a variable, which some images make their settings of, and others do not look at. */
async function ownPassword({
  own = () => null,
  service,
}: AttachContext<RedisConfig>): Promise<string | undefined> {
  const byCommand = own('--requirepass');
  const byImage = own('REDIS_PASSWORD') ?? own('VALKEY_PASSWORD');
  if (byCommand !== null || byImage === null) return byCommand ?? undefined;
  const nobody = openServer({ endpoint: () => service.endpoint(port) });
  try {
    await nobody.info('server');
    return undefined;
  } catch {
    return byImage;
  } finally {
    nobody.close();
  }
}

async function waysOf(context: AttachContext<RedisConfig>, credentials: Credentials): Promise<Ways> {
  const shared = (endpoint: Address['endpoint']): Address => ({
    ...credentials,
    endpoint: sharedEndpoint(endpoint, context.clock.nowMs),
  });
  return {
    own: () => shared(() => context.service.endpoint(port)),
    clients: () => shared(context.clients),
    differ: await goElsewhere(context),
  };
}

/** A way in that cannot be looked up now is not the server's own, which can. */
async function goElsewhere({ service, clients }: AttachContext<RedisConfig>): Promise<boolean> {
  const own = await service.endpoint(port);
  const theirs = await clients().catch(() => null);
  return theirs?.host !== own.host || theirs.port !== own.port;
}

async function siteOf(
  context: AttachContext<RedisConfig>,
  product: Product,
  server: Server,
  ways: Ways,
  credentials: Credentials,
): Promise<RedisSite> {
  const { component, service, clock, peer, note, scratch, attached = () => [] } = context;
  const version = await versionFrom(server, product);
  const needsReplicas = (await replicasNeeded(server)) ?? '0';
  let number = 0;
  const site: RedisSite = {
    product,
    component,
    service,
    server,
    clock,
    version,
    persistence: await persistenceOf(server),
    ownership: await ownershipOf(service, server),
    nextNumber: () => (number += 1),
    credentials,
    peer,
    named: async (host) => (await context.named?.(host)) ?? null,
    others: () => serversAmong(attached()).filter((one) => one.site !== site),
    replicaState: { ...(await roleAtStart(server)), needsReplicas, servesByStep: false, atStart: null },
    lent: lentOf(server, service.name, note),
    links: linksIn(service.name, note),
    note,
    scratch,
    kept: earlyKeys(ways.own(), ways.clients()),
  };
  return site;
}

/** `asClients`: for whoever judges what clients meet. */
function systemOf(site: RedisSite, config: RedisConfig, ways: Ways, asClients: Server): RedisSystem {
  const { component, service, server, kept } = site;
  const isVolatile = volatileOf(config.volatileKeys);
  const inventory = inventoryCheck(ways.clients(), ways.own(), isVolatile, {
    lent: site.lent.before,
    product: site.product,
  });
  let driven = false;
  const system: RedisSystem = {
    server: site.version,
    service,
    data: redisVolume(site),
    forgets: !site.persistence.flushes,
    site,
    own: ways.own(),
    byClients: ways.clients(),
    clientsCome: () => driven || ways.differ,
    workload: preparedAfter(
      {
        remember: () => {
          driven = true;
          return kept.remember();
        },
      },
      redisWorkload({
        component,
        address: ways.clients(),
        groupSize: config.groupSize,
        neverReturn: config.neverReturn,
      }),
    ),
    asClients,
    inventory,
    isVolatile,
    ready: () => isInPlace(system),
    close: async () => {
      for (const one of [server, asClients, inventory]) one.close();
    },
  };
  return remembered(system);
}

export async function open(context: AttachContext<RedisConfig>, product: Product): Promise<RedisSystem> {
  const credentials = await credentialsOf(context);
  const ways = await waysOf(context, credentials);
  const server = openServer(ways.own());
  const asClients = openServer(ways.clients());
  try {
    return systemOf(
      await siteOf(context, product, server, ways, credentials),
      context.config,
      ways,
      asClients,
    );
  } catch (error) {
    asClients.close();
    server.close();
    throw error;
  }
}
