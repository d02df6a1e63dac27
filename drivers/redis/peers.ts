import { environmentError, messageOf } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import { port } from './config.ts';
import type { Address } from './connection.ts';
import { configOf, openServer, takesWrites, type Server } from './server.ts';
import type { RedisSite } from './site.ts';

/** Another server, as it says itself at this moment. */
export interface Peer {
  /** Its service; with the port where that is not the usual one. */
  name: string;
  /** Lets Muster in as the server itself does. */
  address: Address;
  runId: string;
  isPrimary: boolean;
  /** ID of its replication history, and how far that goes, in bytes. */
  history: string;
  /** The one that it went on from when it was promoted, where it was. */
  historyBefore: string;
  written: number;
  takesWrites: boolean;
}

/** Where a replica says that its source is: in words of its own network. */
export interface Place {
  host: string;
  port: number;
}

export const nameOf = ({ host, port: at }: Place): string => (at === port ? host : `${host}:${at}`);

/** A primary whose history that is: whoever follows it directly, or by others, has the same. */
export const leads = ({ isPrimary, history: own }: Peer, history: string): boolean =>
  isPrimary && own === history;

/** Rejects where it cannot be asked. */
export async function lookAt(name: string, address: Address, server: Server): Promise<Peer> {
  const [{ run_id: runId }, place] = await Promise.all([server.info('server'), server.info('replication')]);
  return {
    name,
    address,
    runId: runId ?? '',
    isPrimary: place['role'] === 'master',
    history: place['master_replid'] ?? '',
    historyBefore: place['master_replid2'] ?? '',
    written: Number(place['master_repl_offset']),
    takesWrites: await takesWrites(server),
  };
}

/**
 * Other servers that the drill has attached and that answer now, each by its own credentials. On connections
 * that are there.
 */
export async function attachedPeers(site: RedisSite): Promise<Peer[]> {
  const looks = site.others().map(async ({ site: { service, server }, own }) => {
    if (!(await server.answers())) return [];
    return lookAt(service.name, own, server).catch(() => []);
  });
  return (await Promise.all(looks)).flat();
}

/** The server at a place; environment error where it is none of the stack, or cannot be asked. */
export async function peerAt(site: RedisSite, place: Place): Promise<Peer> {
  const service = await site.named(place.host);
  if (service === null) throw environmentError(`no service of the stack is found by ${place.host}`);
  const name = nameOf({ ...place, host: service.name });
  const known = site.others().find((one) => place.port === port && one.site.service.name === service.name);
  if (known) {
    if (!(await known.site.server.answers())) throw environmentError(`${name} does not answer`);
    return lookAt(name, known.own, known.site.server);
  }
  return lookAsReplica(site, name, service, place.port);
}

/**
 * As the replica itself logs in there; and as Muster does here, where its user for that may do no more than
 * replicate.
 */
async function lookAsReplica(site: RedisSite, name: string, service: Service, at: number): Promise<Peer> {
  const endpoint = (): ReturnType<Service['endpoint']> => service.endpoint(at);
  await endpoint();
  let last: unknown;
  for (const credentials of await credentialsFor(site)) {
    const address = { ...credentials, endpoint };
    const server = openServer(address);
    try {
      return await lookAt(name, address, server);
    } catch (error) {
      last = error;
    } finally {
      server.close();
    }
  }
  throw environmentError(`${name} does not answer`, { found: messageOf(last), cause: last });
}

async function credentialsFor({ server, credentials }: RedisSite): Promise<RedisSite['credentials'][]> {
  const names = ['masteruser', 'masterauth'];
  const said = await server.run((redis) => configOf(redis, names)).catch(() => null);
  if (said === null) return [credentials];
  const { masteruser, masterauth } = said;
  const own = {
    ...(masteruser ? { username: masteruser } : {}),
    ...(masterauth ? { password: masterauth } : {}),
  };
  return own.password === credentials.password && own.username === credentials.username
    ? [own]
    : [own, credentials];
}
