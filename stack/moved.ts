import type { HostRules } from '../core/stack.ts';
import { environmentLayer, labelsOf, listed, serviceLabels, withoutActedOn } from './acted-on.ts';
import type { ComposeConfig } from './compose.ts';
import { addressesOf, namedInstead } from './fixed-addresses.ts';
import { withKnownPassword } from './known-password.ts';
import {
  ingress,
  type Layer,
  type Moved,
  type MovedService,
  type Network,
  type Port,
  type Ways,
} from './moved-shape.ts';
import { replaced, removed } from './override-file.ts';

const loopback = '127.0.0.1';

/**
 * Everything of a resolved compose file that a copy beside the original would fight for, or that others act
 * on. `labels` go onto all that the drill makes; `project` is its name.
 */
export function movedOf(
  config: ComposeConfig,
  { project, labels }: { project: string; labels: Record<string, string> },
  ways: Ways = {},
  set: NonNullable<HostRules['environment']> = {},
  named: HostRules['mounts'] = {},
): Moved {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const networks = each(config.networks as Record<string, Network> | undefined, (name, network) =>
    movedNetwork(name, network, project, labels, say),
  );
  const volumes = each(config.volumes as Record<string, Network> | undefined, (name, volume) =>
    movedVolume(name, volume, project, labels, named, say),
  );
  const declared = config.services as Record<string, MovedService>;
  const addresses = addressesOf(declared);
  let needsIngress = false;
  const services = each(declared, (name, service) => {
    const ports = movedPorts(name, service, ways[name] ?? [], say);
    const closedIn = isClosedIn(service, config.networks as Record<string, Network>) && ports.open;
    if (closedIn)
      say(`${name} is on internal networks only: Muster reaches it by a further one, which leads nowhere`);
    needsIngress ||= closedIn;
    const layer: Layer = {
      ...serviceLabels(name, service, labels, say),
      ...ports.layer,
      ...nameOf(name, service, project, say),
      ...attached(name, service, closedIn, addresses.aliases[name] ?? [], say),
      ...single(name, service, say),
      ...namedInstead(name, service, addresses, say),
    };
    const environment = {
      ...(layer['environment'] as Layer),
      ...withoutActedOn(name, service, say),
      ...withKnownPassword(name, service, say),
      ...asSet(name, service, set[name] ?? {}, say),
    };
    return { ...layer, ...environmentLayer(service, environment) };
  });
  const own = { [ingress]: { name: `${project}_${ingress}`, labels, driver_opts: leadsNowhere } };
  return { lines, services, volumes, networks: { ...networks, ...(needsIngress ? own : {}) } };
}

/** Nothing behind it is made to look like this machine, so that no answer from outside finds back. */
const leadsNowhere = { 'com.docker.network.bridge.enable_ip_masquerade': 'false' };

const each = <T, R>(
  of: Record<string, T> | undefined,
  one: (name: string, value: T) => R,
): Record<string, R> =>
  Object.fromEntries(Object.entries(of ?? {}).map(([name, value]) => [name, one(name, value)]));

type Say = (line: string) => void;

function movedNetwork(
  key: string,
  network: Network | null,
  project: string,
  labels: Record<string, string>,
  say: Say,
): Layer {
  const { external, name, driver, driver_opts: options = {}, ipam, enable_ipv6, labels: own } = network ?? {};
  const layer: Layer = { name: `${project}_${key}`, ...labelsOf(`network ${key}`, own, labels, say) };
  if (external) {
    say(`external network ${name ?? key}: one of the drill's own instead`);
    return { ...layer, external: false };
  }
  if (name !== undefined && name !== `${project}_${key}`)
    say(`network ${name}: one of the drill's own instead`);
  if (driver !== undefined && driver !== 'bridge' && driver !== 'default') {
    say(`network ${key} by ${driver}: a bridge of the drill's own instead`);
    layer['driver'] = 'bridge';
  }
  const fixed = ipam?.config ?? [];
  if (fixed.length > 0) {
    say(
      `subnet ${fixed.map(({ subnet }) => subnet ?? 'settings').join(', ')} of network ${key}: one that is free instead`,
    );
    layer['ipam'] = removed;
    if (enable_ipv6) layer['enable_ipv6'] = false;
  }
  const harmless = Object.fromEntries(Object.entries(options).filter(([option]) => keptOptions.has(option)));
  const dropped = Object.keys(options).filter((option) => !keptOptions.has(option));
  if (dropped.length > 0) {
    say(`options of network ${key}: left out, they name something of this machine (${dropped.join(', ')})`);
    layer['driver_opts'] = replaced(harmless);
  }
  return layer;
}
const keptOptions = new Set([
  'com.docker.network.driver.mtu',
  'com.docker.network.bridge.enable_ip_masquerade',
  'com.docker.network.bridge.enable_icc',
]);

function movedVolume(
  key: string,
  volume: Network | null,
  project: string,
  labels: Record<string, string>,
  named: HostRules['mounts'],
  say: Say,
): Layer {
  const { external, name, labels: own } = volume ?? {};
  const layer: Layer = { name: `${project}_${key}`, ...labelsOf(`volume ${key}`, own, labels, say) };
  if (external) {
    // What the strategy has of it is said with what it has of the host.
    if (!Object.hasOwn(named, key) && !Object.hasOwn(named, name ?? key))
      say(`external volume ${name ?? key}: an empty one of the drill's own instead`);
    return { ...layer, external: false };
  }
  if (name !== undefined && name !== `${project}_${key}`)
    say(`volume ${name}: one of the drill's own instead`);
  return layer;
}

/** Free ones on this machine's loopback; those that Muster needs and nobody publishes as well. */
function movedPorts(
  of: string,
  { ports = [], network_mode: mode }: MovedService,
  ways: readonly number[],
  say: Say,
): { layer: Layer; open: boolean } {
  const tcp = ports.filter(({ protocol = 'tcp' }) => protocol === 'tcp');
  const other = ports.filter(({ protocol = 'tcp' }) => protocol !== 'tcp');
  const isFixed = ({ published = '', host_ip: at = '' }: Port): boolean =>
    !['', '0'].includes(String(published)) || at !== loopback;
  const fixed = tcp.filter(isFixed);
  // Without a network of its own it has no ports either.
  const added = mode === undefined ? ways.filter((port) => !tcp.some(({ target }) => target === port)) : [];
  const targets = [...new Set([...tcp.map(({ target }) => target), ...added])];
  if (fixed.length > 0) say(`${numbered(fixed.map(said))} of ${of}: free on ${loopback} instead`);
  if (other.length > 0) say(`${numbered(other.map(said))} of ${of}: not published`);
  if (added.length > 0)
    say(`${numbered(added.map(String))} of ${of}, not published: free on ${loopback}, for Muster`);
  const same = fixed.length === 0 && other.length === 0 && added.length === 0;
  const published = targets.map((target) => ({
    mode: 'ingress',
    host_ip: loopback,
    target,
    protocol: 'tcp',
  }));
  return { layer: same ? {} : { ports: replaced(published) }, open: targets.length > 0 };
}
const said = ({ published = '', target, protocol = 'tcp' }: Port): string =>
  `${['', '0'].includes(String(published)) ? target : published}${protocol === 'tcp' ? '' : `/${protocol}`}`;
const numbered = (ports: string[]): string => `${ports.length === 1 ? 'port' : 'ports'} ${listed(ports, 6)}`;

function nameOf(of: string, { container_name: name }: MovedService, project: string, say: Say): Layer {
  if (name === undefined) return {};
  say(`container ${name}: one of the drill's own instead; on its networks ${of} is found by that name`);
  return { container_name: `${project}-${of}-1` };
}

/** Its networks without fixed addresses, and with the names that others know it by. */
function attached(
  of: string,
  { container_name: name, networks = {} }: MovedService,
  closedIn: boolean,
  known: readonly string[],
  say: Say,
): Layer {
  const names = [...(name === undefined ? [] : [name]), ...known];
  const fixed = Object.values(networks).flatMap((one) =>
    [one?.ipv4_address ?? [], one?.ipv6_address ?? []].flat(),
  );
  if ((names.length === 0 && fixed.length === 0 && !closedIn) || Object.keys(networks).length === 0)
    return {};
  if (fixed.length > 0) say(`address ${fixed.join(', ')} of ${of}: whichever is free instead`);
  const layers = each(networks, (_, one) => {
    const { ipv4_address: _4, ipv6_address: _6, ...rest } = one ?? {};
    const aliases = [...new Set([...(rest.aliases ?? []), ...names])];
    return aliases.length > 0 ? { ...rest, aliases } : rest;
  });
  return { networks: replaced({ ...layers, ...(closedIn ? { [ingress]: {} } : {}) }) };
}

const isClosedIn = ({ networks = {} }: MovedService, declared: Record<string, Network> = {}): boolean => {
  const on = Object.keys(networks);
  return on.length > 0 && on.every((name) => declared[name]?.internal === true);
};

/** A drill watches one container of each service. */
function single(of: string, { deploy, scale }: MovedService, say: Say): Layer {
  const replicas = deploy?.replicas ?? scale ?? 1;
  if (replicas === 1) return {};
  say(`${replicas} replicas of ${of}: 1 instead`);
  return deploy?.replicas === undefined ? { scale: 1 } : { deploy: { replicas: 1 } };
}

/** What the strategy has otherwise in a drill: the user's own copy never sees it. */
function asSet(
  of: string,
  { environment = {} }: MovedService,
  set: Readonly<Record<string, string>>,
  say: Say,
): Layer {
  for (const [name, value] of Object.entries(set))
    say(
      `${name} of ${of}: ${JSON.stringify(value)} in the drill's copy, as the strategy says${Object.hasOwn(environment, name) ? '' : '; the compose file does not set it'}`,
    );
  // A dollar sign would be a variable's to Compose.
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]),
  );
}
