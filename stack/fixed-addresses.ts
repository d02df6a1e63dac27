import type { Layer, MovedService } from './moved-shape.ts';
import { removed, replaced } from './override-file.ts';

/** Addresses that services have by the compose file, and what they are called where they have none. */
export interface Addresses {
  /** By address: the service. */
  owner: ReadonlyMap<string, string>;
  /** By service: names that `extra_hosts` of others give its address. */
  aliases: Readonly<Record<string, string[]>>;
}

export function addressesOf(services: Readonly<Record<string, MovedService>>): Addresses {
  const owner = new Map<string, string>();
  for (const [name, { networks = {} }] of Object.entries(services)) {
    for (const one of Object.values(networks))
      for (const address of [one?.ipv4_address, one?.ipv6_address]) if (address) owner.set(address, name);
  }
  const aliases: Record<string, string[]> = {};
  for (const { extra_hosts: hosts = [] } of Object.values(services))
    for (const { name, address } of hosts.map(hostOf)) {
      const known = owner.get(address);
      if (known !== undefined) (aliases[known] ??= []).push(name);
    }
  return { owner, aliases };
}

/** `db=172.31.0.10`, or with a colon as older versions of Compose write it. */
const hostOf = (entry: string): { name: string; address: string } => {
  const [, name = '', address = ''] = /^([^=:]+)[=:]\[?(.*?)\]?$/.exec(entry) ?? [];
  return { name, address };
};

/**
 * A service that knows another one by an address that a drill does not have: the other one's name stands in
 * its place, in environment, command, entry point and health check. What a file says is not looked at.
 */
export function namedInstead(
  of: string,
  service: MovedService,
  { owner }: Addresses,
  say: (line: string) => void,
): Layer {
  if (owner.size === 0) return {};
  const told = new Set<string>();
  const renamed = (text: string, where: string): string =>
    [...owner].reduce((out, [address, name]) => {
      const now = out.replaceAll(wholly(address), name);
      if (now !== out && !told.has(`${address} ${where}`)) {
        told.add(`${address} ${where}`);
        say(`${address} in the ${where} of ${of}: ${name} instead`);
      }
      return now;
    }, text);
  const layer: Layer = {};
  for (const key of ['command', 'entrypoint'] as const) {
    const words = service[key];
    if (!words) continue;
    const now = words.map((word) => renamed(word, key === 'command' ? 'command' : 'entry point'));
    if (now.join('\0') !== words.join('\0')) layer[key] = replaced(now);
  }
  const test = service.healthcheck?.test;
  const tested = test?.map((word) => renamed(word, 'health check'));
  if (test && tested!.join('\0') !== test.join('\0')) layer['healthcheck'] = { test: replaced(tested) };
  const environment = Object.entries(service.environment ?? {}).flatMap(([name, value]) => {
    const now = value === null ? null : renamed(value, 'environment');
    return now === value ? [] : [[name, now]];
  });
  if (environment.length > 0) layer['environment'] = Object.fromEntries(environment);
  const hosts = service.extra_hosts ?? [];
  const kept = hosts.filter((entry) => !owner.has(hostOf(entry).address));
  if (kept.length < hosts.length) layer['extra_hosts'] = kept.length > 0 ? replaced(kept) : removed;
  return layer;
}

/**
 * Not as a part of a longer one: 10.0.0.1 is not in 10.0.0.10. Right behind an option of one letter it is, as
 * in `-h10.0.0.1`.
 */
const wholly = (address: string): RegExp =>
  new RegExp(
    `(?:(?<![\\w.:])|(?<=(?<![\\w-])-[a-zA-Z]))${address.replaceAll('.', '\\.')}(?![\\w]|\\.\\d|:[0-9a-f]*:)`,
    'g',
  );
