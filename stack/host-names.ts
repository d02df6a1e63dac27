import { BlockList, isIP } from 'node:net';
import type { ComposeConfig } from './compose.ts';
import { ownAddresses } from './own-addresses.ts';

type Value = Record<string, unknown>;
type Path = (string | number)[];
type Reach = { service: string; path: Path; what: string };

/** Where a name that a service is given leads to. */
type Where = 'host' | 'drill' | 'elsewhere';

/** The word that the engine replaces by the address of the machine that it runs on. */
const gatewayWord = 'host-gateway';

/** Names that engines on a desktop lead to the machine without being asked to. */
const desktopNames = /(?<![\w.-])(host|gateway)\.(docker|containers)\.internal(?![\w-])/i;

/**
 * Names of services that lead to the machine: `extra_hosts` with the engine's word for it or with one of its
 * addresses, and what engines on a desktop call it. `machine`: its addresses; default: those that it has now.
 */
export function hostNames(config: ComposeConfig, machine: readonly string[] = machineAddresses()): Reach[] {
  const whereIs = addressBook(config, machine);
  return Object.entries(config.services).flatMap(([service, declared]): Reach[] => [
    ...namesOf(declared as Value).flatMap(({ path, name, address }) =>
      whereIs(address) === 'host' ? [{ service, path, what: `the name ${name} for ${address}` }] : [],
    ),
    ...textsOf(declared as Value).flatMap(({ path, text }) => {
      const [name] = desktopNames.exec(text) ?? [];
      return name === undefined ? [] : [{ service, path, what: `the name ${name}` }];
    }),
  ]);
}

/** A line for each name that leads out of the drill, to another machine than this one. */
export function namesElsewhere(
  config: ComposeConfig,
  machine: readonly string[] = machineAddresses(),
): string[] {
  const whereIs = addressBook(config, machine);
  return Object.entries(config.services).flatMap(([service, declared]) =>
    namesOf(declared as Value)
      .filter(({ address }) => whereIs(address) === 'elsewhere')
      .map(({ name, address }) => `${name} of ${service} is ${address}, a machine outside of the drill`),
  );
}

/** Those at which this machine is reached from other ones, and that of the engine where it is elsewhere. */
function machineAddresses(): string[] {
  const [, engine = ''] = /^(?:tcp|ssh):\/\/(?:[^@/]*@)?\[?([^\]/]+?)\]?(?::\d+)?(?:\/|$)/.exec(
    process.env['DOCKER_HOST'] ?? '',
  ) ?? [''];
  return [...ownAddresses(), engine];
}

/** An address that no machine has is the drill's own: so is a name that is led nowhere. */
function addressBook(config: ComposeConfig, machine: readonly string[]): (address: string) => Where {
  const [host, drill] = [new BlockList(), new BlockList()];
  drill.addSubnet('127.0.0.0', 8);
  drill.addSubnet('0.0.0.0', 8);
  drill.addAddress('::1', 'ipv6');
  drill.addAddress('::', 'ipv6');
  for (const address of machine) add(host, address);
  for (const { ipam } of Object.values(config.networks ?? {}))
    for (const { subnet = '', gateway } of ipam?.config ?? []) {
      const [base = '', prefix] = subnet.split('/');
      if (familyOf(base) !== null) drill.addSubnet(base, Number(prefix), familyOf(base)!);
      // The machine itself answers at it: unless another one is declared, the first of the network.
      add(host, gateway ?? firstOf(base));
    }
  const isIn = (list: BlockList, address: string): boolean =>
    familyOf(address) !== null && list.check(address, familyOf(address)!);
  return (address) => {
    if (address === gatewayWord || isIn(host, address)) return 'host';
    return isIn(drill, address) ? 'drill' : 'elsewhere';
  };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' | null =>
  isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : null;

const add = (list: BlockList, address: string): void => {
  const family = familyOf(address);
  if (family !== null) list.addAddress(address, family);
};

/** The first address of a network by its base, as subnets are written: `10.5.0.0`, `2001:db8::`. */
function firstOf(base: string): string {
  if (base.endsWith('::')) return `${base}1`;
  const parts = base.split('.');
  return [...parts.slice(0, -1), Number(parts.at(-1)) + 1].join('.');
}

/** By name and not by place in the list, because Compose sorts them. */
function namesOf(service: Value): { path: Path; name: string; address: string }[] {
  const build = (service['build'] ?? {}) as Value;
  const under: [Path, unknown][] = [
    [['extra_hosts'], service['extra_hosts']],
    [['build', 'extra_hosts'], build['extra_hosts']],
  ];
  return under.flatMap(([path, value]) =>
    entriesOf(value).map(([name, address]) => ({ path: [...path, name], name, address })),
  );
}

/** A list of `name=address`, which older releases of Compose write `name:address`; or a mapping. */
function entriesOf(value: unknown): [name: string, address: string][] {
  const pairs = Array.isArray(value)
    ? value.map((each) => /^([^:=]+)[:=](.*)$/.exec(String(each))?.slice(1) ?? [])
    : Object.entries((value ?? {}) as Value).flatMap(([name, to]) =>
        [to].flat().map((address) => [name, String(address)]),
      );
  return pairs.flatMap(([name, address]): [string, string][] =>
    name === undefined || address === undefined ? [] : [[name, address.replace(/^\[(.*)\]$/, '$1')]],
  );
}

/** What a service is told: its environment, and how it is started and asked. */
function textsOf(service: Value): { path: Path; text: string }[] {
  const words = ['command', 'entrypoint'].flatMap((key) =>
    [service[key] ?? []].flat().map((text) => ({ path: [key] as Path, text: String(text) })),
  );
  const environment = Object.entries((service['environment'] ?? {}) as Value);
  return [
    ...words,
    ...environment.map(([name, text]) => ({ path: ['environment', name] as Path, text: String(text) })),
  ];
}
