import { randomBytes } from 'node:crypto';
import { environmentError, messageOf } from '../core/errors.ts';
import type { OutwardAttempt } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { Layer, Moved, MovedService, Network } from './moved-shape.ts';
import { replaced } from './override-file.ts';
import { engineIsLocal, type Runtime } from './runtime.ts';

/** A network of the drill whose containers send what is for elsewhere to an address that is Muster's own. */
export interface ClosedNetwork {
  name: string;
  /** Where its containers send what is for elsewhere: nobody has it, or the container that refuses. */
  gateway: string;
  /** The same of IPv6; null where the network has none. */
  gateway6: string | null;
  /** Where the bridge itself is, by which the engine lets things out; null where it does not. */
  bridge: string | null;
}

/** What the compose file says of a network that is closed. */
export interface OpenNetwork {
  options: Record<string, string>;
  ipv6: boolean;
}

export interface EgressSite {
  runtime: Runtime;
  project: string;
  labels: Record<string, string>;
}

/** What is said of it to who reads the plan. */
export const closedLine =
  'what services send beyond their own networks: refused, and listed, by an engine on this machine (`egress: open` in the strategy lets it out)';
export const openLine = 'what services send beyond their own networks goes out: `egress: open`';
export const remoteLine =
  'what services send beyond their own networks goes out: the engine is on another machine, which reaches published ports by the same way';

/** Whose network a service has, and whether that is none of the drill's: what is sent there goes out. */
export function networkOf(
  { services }: Pick<ComposeConfig, 'services'>,
  name: string,
): { owner: string; mode: string | undefined; isOutside: boolean } {
  const seen = new Set([name]);
  for (let owner = name; ; ) {
    const mode = (services[owner] as MovedService | undefined)?.network_mode;
    const [, other] = /^service:(.+)$/.exec(mode ?? '') ?? [];
    if (other === undefined || seen.has(other))
      return { owner, mode, isOutside: other === undefined && mode !== undefined && mode !== 'none' };
    seen.add(other);
    owner = other;
  }
}

/** The same of these services, and which of them are on no network of the drill's and go out all the same. */
export function closedLineOf(config: Pick<ComposeConfig, 'services'>): string {
  const out = Object.keys(config.services).filter((name) => networkOf(config, name).isOutside);
  return out.length === 0
    ? closedLine
    : `${closedLine}; but what ${out.join(', ')} send${out.length === 1 ? 's' : ''} goes out, by network_mode`;
}

/** Replies to another machine take the way out: on its engine nothing can be closed like this. */
export const canClose = (runtime: Runtime): boolean => engineIsLocal(runtime);

/** Networks that services are on and that have a way out, by key, with options that stay theirs. */
export function openNetworks(
  { services, networks = {} }: ComposeConfig,
  moved: Pick<Moved, 'networks'>,
): Map<string, OpenNetwork> {
  const declaredServices = Object.values(services) as MovedService[];
  const used = new Set(declaredServices.flatMap(({ networks: on }) => Object.keys(on ?? {})));
  const open = new Map<string, OpenNetwork>();
  for (const [key, layer] of Object.entries(moved.networks)) {
    const declared = (networks as Record<string, Network | null>)[key];
    if (declared?.internal || (declared !== undefined && !used.has(key))) continue;
    const options = (layer['driver_opts'] as { value?: object } | undefined)?.value ?? declared?.driver_opts;
    open.set(key, {
      options: { ...(options as Record<string, string> | undefined) },
      ipv6: declared?.enable_ipv6 === true,
    });
  }
  return open;
}

/**
 * Makes the networks of a drill ahead of Compose, so that their containers have a default gateway that leads
 * nowhere: what is for elsewhere never leaves the bridge, from the first packet of each start on. The engine
 * reaches published ports by the bridge's own address.
 */
export async function closedNetworks(
  site: EgressSite,
  open: ReadonlyMap<string, OpenNetwork>,
): Promise<Map<string, ClosedNetwork>> {
  // Whoever is told that one cannot be made takes down what there is: none may still be under way.
  const made = await Promise.allSettled(
    [...open].map(async ([key, one]) => [key, await closedNetwork(site, key, one)] as const),
  );
  const refused = made.find((one) => one.status === 'rejected');
  if (refused) throw refused.reason;
  return new Map(made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
}

const nameOf = (project: string, key: string): string => `${project}_${key}`;

/** What Compose is told of networks, by key: each is there already. */
export const closedLayers = (project: string, keys: Iterable<string>): Record<string, Layer> =>
  Object.fromEntries(
    [...keys].map((key) => [
      key,
      replaced({ name: nameOf(project, key), external: true }) as unknown as Layer,
    ]),
  );

const tries = 10;

/** The engine finds a free subnet; who else asks it at the same time may be given that one in between. */
async function closedNetwork(
  { runtime, project, labels: own }: EgressSite,
  key: string,
  { options, ipv6 }: OpenNetwork,
): Promise<ClosedNetwork> {
  const docker = runtime.container.dockerode;
  const name = nameOf(project, key);
  const common = { Name: name, Driver: 'bridge', Labels: own, Options: options };
  for (let left = tries; ; left -= 1) {
    const free = await docker.createNetwork({ ...common, EnableIPv6: false });
    const { IPAM } = (await free.inspect()) as {
      IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] };
    };
    await free.remove();
    const { Subnet: subnet = '', Gateway } = IPAM?.Config?.[0] ?? {};
    const gateway = lastHostOf(subnet);
    if (gateway === null)
      throw environmentError(`the engine gives ${name} no subnet of IPv4`, { found: subnet });
    const six = ipv6 ? ownSubnet6() : null;
    const config: object[] = [
      {
        ...{ Subnet: subnet, ...(Gateway ? { Gateway } : {}) },
        AuxiliaryAddresses: { DefaultGatewayIPv4: gateway },
      },
      ...(six ? [{ Subnet: six.subnet, AuxiliaryAddresses: { DefaultGatewayIPv6: six.gateway } }] : []),
    ];
    try {
      await docker.createNetwork({ ...common, EnableIPv6: six !== null, IPAM: { Config: config as never } });
      return {
        name,
        gateway,
        gateway6: six?.gateway ?? null,
        bridge: (leadsOut(options) && Gateway) || null,
      };
    } catch (error) {
      if (left > 1 && /overlaps/i.test(messageOf(error))) continue;
      throw error;
    }
  }
}

const leadsOut = (options: Record<string, string>): boolean =>
  options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false';

/** A subnet of nobody's (RFC 4193), and the address in it that is Muster's own. */
function ownSubnet6(): { subnet: string; gateway: string } {
  const digits = `fd${randomBytes(5).toString('hex')}`;
  const prefix = `${digits.slice(0, 4)}:${digits.slice(4, 8)}:${digits.slice(8)}`;
  return { subnet: `${prefix}::/64`, gateway: `${prefix}::fffe` };
}

/** The last address of a subnet that a machine may have, such as `172.20.255.254`. Null for none. */
export function lastHostOf(subnet: string): string | null {
  const [, a, b, c, d, bits] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet) ?? [];
  if (bits === undefined || Number(bits) > 29) return null;
  const base = ((Number(a) * 256 + Number(b)) * 256 + Number(c)) * 256 + Number(d);
  const size = 2 ** (32 - Number(bits));
  const last = Math.floor(base / size) * size + size - 2;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

/** Addresses of one service, and those beyond the stack that it may reach. */
export interface LetThrough {
  from: readonly string[];
  to: readonly string[];
}

/**
 * Refuses at once what is for elsewhere, and counts it by who asked for what (RFC 792: net unreachable). Who
 * asks a name server is answered here: without an answer, a name that nobody has would hold its asker up for
 * seconds, as that of a service which is stopped. What is let through goes on in Muster's own name, so that
 * answers come back this way; nobody is told of a shorter one.
 */
export const refusing = (through: readonly LetThrough[] = []): string => `table ip muster {
  set attempts { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; counter; size 65535; }
  chain outward {
    type filter hook prerouting priority raw;
    fib daddr type { local, broadcast, multicast } accept
    ip daddr 224.0.0.0/4 accept
    meta l4proto { tcp, udp } th dport 53 accept
${through.map(({ from, to }) => `    ip saddr { ${from.join(', ')} } ip daddr { ${to.join(', ')} } accept\n`).join('')}    meta l4proto { tcp, udp } update @attempts { ip saddr . ip daddr . meta l4proto . th dport }
    reject with icmp type net-unreachable
  }
  chain names {
    type nat hook prerouting priority dstnat;
    meta l4proto { tcp, udp } th dport 53 redirect
  }
${
  through.length === 0
    ? ''
    : `  chain onward {
    type nat hook postrouting priority srcnat;
    ip daddr { ${[...new Set(through.flatMap(({ to }) => to))].join(', ')} } masquerade
  }
  chain quiet {
    type filter hook output priority filter;
    icmp type redirect drop
  }
`
}}
`;

/** The same for networks that have IPv6 (RFC 4443: no route to destination). */
export const refusing6 = `table ip6 muster {
  set attempts { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags dynamic; counter; size 65535; }
  chain outward {
    type filter hook prerouting priority raw;
    fib daddr type { local, multicast } accept
    ip6 daddr { fe80::/10, ff00::/8 } accept
    meta l4proto { tcp, udp } th dport 53 accept
    meta l4proto { tcp, udp } update @attempts { ip6 saddr . ip6 daddr . meta l4proto . th dport }
    reject with icmpv6 type no-route
  }
  chain names {
    type nat hook prerouting priority dstnat;
    meta l4proto { tcp, udp } th dport 53 redirect
  }
}
`;

/** Where the container that refuses keeps who asked for which name, each once. */
export const askedFile = '/tmp/asked';
const namesMost = 1_000;

/**
 * Says of every name but these that there is none (RFC 2308: NXDOMAIN), and writes down who asked for it.
 * `known`: addresses by name.
 */
export const answeringNames = (known: Readonly<Record<string, readonly string[]>> = {}): string => {
  const told = Object.entries(known).flatMap(([name, all]) => all.map((one) => `--address=/${name}/${one}`));
  return `dnsmasq --keep-in-foreground --user=root --group=root --no-resolv --no-hosts --conf-file=/dev/null --pid-file \\
  ${[...told, '--address=/#/'].join(' ')} --log-queries --log-facility=- 2>&1 |
  mawk -W interactive '/ query\\[/ { one = $NF " " $(NF - 2); if (!(one in seen) && n < ${namesMost}) { seen[one]; n++; print one; fflush() } }' > ${askedFile}`;
};

/** Names beyond the stack that were asked for: one with a dot, or it is no more than that of a service. */
export function namesIn(
  asked: string,
  names: ReadonlyMap<string, string>,
  isKnown: (name: string) => boolean = () => false,
): OutwardAttempt[] {
  const found = new Map<string, OutwardAttempt>();
  for (const line of asked.split('\n')) {
    const [from = '', to = ''] = line.split(' ');
    if (!to.includes('.') || to.endsWith('.arpa') || isKnown(to)) continue;
    const service = names.get(from) ?? from;
    found.set(`${service} ${to}`, { service, to, protocol: 'dns', port: 53, packets: 1 });
  }
  return [...found.values()];
}

interface Listed {
  nftables: {
    set?: {
      elem?: {
        elem: { val: { concat: [string, string, string | number, number] }; counter: { packets: number } };
      }[];
    };
  }[];
}

/** nft says some by their numbers. */
const protocols: Record<string | number, string> = { 6: 'tcp', 17: 'udp' };

/** What `nft -j list set ip muster attempts` says. `names`: services by address. */
export function attemptsIn(json: string, names: ReadonlyMap<string, string>): OutwardAttempt[] {
  const found = new Map<string, OutwardAttempt>();
  for (const { set } of (JSON.parse(json) as Listed).nftables)
    for (const { elem } of set?.elem ?? []) {
      const [from, to, number, port] = elem.val.concat;
      const protocol = protocols[number] ?? String(number);
      const service = names.get(from) ?? from;
      const key = [service, to, protocol, port].join(' ');
      const packets = (found.get(key)?.packets ?? 0) + elem.counter.packets;
      found.set(key, { service, to, protocol, port, packets });
    }
  return [...found.values()].sort((a, b) => b.packets - a.packets);
}
