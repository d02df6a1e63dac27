import type { ContainerCreateOptions } from 'dockerode';
import type { Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Helper, Shell } from '../core/service.ts';
import { makingContainer } from './being-made.ts';
import type { HostSignal } from './host-signal.ts';
import { assertOwnNamespace } from './own-namespace.ts';
import { labels } from './owner.ts';
import { statusOf, type Container, type Runtime } from './runtime.ts';
import { containerShell } from './shell.ts';

export interface NetworkToolsSite {
  runtime: Runtime;
  labels: Record<string, string>;
  hostSignal: HostSignal;
  clock: Clock;
  /** The helper image with nft and bash, made or pulled on demand. */
  image(): Promise<string>;
}

/** Containers of Muster's own that look at, or act on, the network of a drill's services. */
export interface NetworkTools {
  /** Has the image ready, so that no fault waits for it. */
  prepare(): Promise<void>;
  /** A container on a network of the stack; one for each network, kept for the drill. */
  on(network: string): Promise<Shell>;
  /**
   * A new container inside the network namespace of another, allowed to change its packet filter and nothing
   * else. Rejects where that namespace is not the drill's own.
   */
  inside(container: string, name: string): Promise<Helper>;
  /**
   * A container that will have these names on these networks once it is started, with these rules in its
   * packet filter, and where nobody listens.
   */
  standIn(
    networks: readonly string[],
    names: readonly string[],
    name: string,
    answering: Answering,
  ): Promise<StandIn>;
}

/**
 * Rules of a stand-in, addresses that it takes on its networks, and what it runs: it waits by default.
 * `wayOut`: by which it passes on what its rules let through.
 */
export interface Answering {
  rules: string;
  gateways?: readonly string[];
  run?: string;
  wayOut?: string;
}

export interface StandIn extends Helper {
  start(): Promise<void>;
}

export function createNetworkTools(site: NetworkToolsSite): NetworkTools {
  const neighbours = new Map<string, Promise<Helper>>();
  let image: Promise<string> | null = null;
  const imageOnce = (): Promise<string> => {
    image ??= site.image().catch((error: unknown) => {
      image = null;
      throw error;
    });
    return image;
  };
  const start = async (name: string, host: object): Promise<Helper> =>
    startHelper(site, await imageOnce(), name, host);
  return {
    prepare: async () => void (await imageOnce()),
    on: (network) => {
      const there =
        neighbours.get(network) ??
        start(`the neighbour on ${network}`, { NetworkMode: network, CapDrop: ['ALL'] });
      neighbours.set(network, there);
      there.catch(() => neighbours.delete(network));
      return there;
    },
    inside: async (container, name) => {
      const found = await site.runtime.container.dockerode.getContainer(container).inspect();
      await assertOwnNamespace(site, name, 'network', found);
      return start(`the packet filter of ${name}`, {
        NetworkMode: `container:${container}`,
        CapDrop: ['ALL'],
        CapAdd: ['NET_ADMIN'],
      });
    },
    standIn: async (networks, names, name, answering) =>
      createStandIn(site, await imageOnce(), { networks, names, name, ...answering }),
  };
}

/**
 * Takes each address on the interface that is on its subnet. Its own way out would lead to itself.
 */
const takingAddresses = (wayOut: string | undefined): string => `for gateway in "$@"; do
  dev=$(ip -o route get "$gateway" | sed 's/.* dev \\([^ ]*\\).*/\\1/') || exit
  case "$gateway" in
    *:*) ip addr add "$gateway/128" dev "$dev" nodad ;;
    *) ip addr add "$gateway/32" dev "$dev" ;;
  esac || exit
done
ip route del default
ip -6 route del default 2> /dev/null
${wayOut === undefined ? '' : `ip route add default via ${wayOut} || exit\n`}`;

/** What a name server needs to listen, and to be who it is told to be. */
const namesNeed = ['NET_BIND_SERVICE', 'SETUID', 'SETGID'];

interface StandInOptions extends Answering {
  networks: readonly string[];
  names: readonly string[];
  name: string;
}

/** The rules come with its first process: nothing that reaches it is left out. */
async function createStandIn(
  site: NetworkToolsSite,
  image: string,
  { networks, names, name, rules, gateways = [], run = 'exec sleep infinity', wayOut }: StandInOptions,
): Promise<StandIn> {
  const docker = site.runtime.container.dockerode;
  const [first, ...others] = networks;
  const endpoint = { Aliases: [...names] };
  const settings: ContainerCreateOptions = {
    Image: image,
    User: '0',
    Entrypoint: ['sh', '-c'],
    Cmd: [
      `printf %s "$1" | nft -f - && shift && ${gateways.length > 0 ? takingAddresses(wayOut) : ''}${run}`,
      'sh',
      rules,
      ...gateways,
    ],
    Labels: { ...site.labels, [labels.role]: 'helper' },
    HostConfig: {
      Init: true,
      NetworkMode: first ?? 'none',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN', ...(gateways.length > 0 ? namesNeed : [])],
      ...(wayOut === undefined ? {} : { Sysctls: { 'net.ipv4.ip_forward': '1' } }),
    },
    ...(first === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [first]: endpoint } } }),
  };
  const container = await makingContainer(site.labels, () => docker.createContainer(settings));
  for (const network of others)
    await docker.getNetwork(network).connect({ Container: container.id, EndpointConfig: endpoint });
  return {
    ...containerShell({ ...site, container, name: `the stand-in of ${name}` }),
    kept: null,
    missed: null,
    start: async () => void (await container.start()),
    remove: () => removed(container),
  };
}

async function removed(container: Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch((error: unknown) => {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  });
}

async function startHelper(
  site: NetworkToolsSite,
  image: string,
  name: string,
  host: object,
): Promise<Helper> {
  const settings = {
    Image: image,
    User: '0',
    Entrypoint: ['sleep'],
    Cmd: ['infinity'],
    Labels: { ...site.labels, [labels.role]: 'helper' },
    HostConfig: { Init: true, ...host },
  };
  const container = await makingContainer(site.labels, () => site.runtime.container.create(settings));
  const remove = (): Promise<void> => removed(container);
  try {
    await site.runtime.container.start(container);
  } catch (error) {
    await remove();
    throw environmentError(`${name} cannot be started`, { found: messageOf(error), cause: error });
  }
  return { ...containerShell({ ...site, container, name }), kept: null, missed: null, remove };
}
