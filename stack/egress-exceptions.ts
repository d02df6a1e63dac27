import { lookup as byDns } from 'node:dns/promises';
import type { HostRules } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { ClosedNetwork, LetThrough } from './egress.ts';
import type { MovedService } from './moved-shape.ts';

/** A host beyond the stack that one service may reach. `addresses`: none where nobody knows its name now. */
export interface Exception {
  service: string;
  host: string;
  why: string;
  addresses: string[];
}

/** By service and network: the address that it has there, so that it is known from its first packet on. */
export type Fixed = Readonly<Record<string, Readonly<Record<string, string>>>>;

type Services = Pick<ComposeConfig, 'services'>;

/** Addresses of IPv4 that a name stands for, as this machine knows it. Rejects where nobody does. */
export type Lookup = (host: string) => Promise<string[]>;
const usualLookup: Lookup = async (host) =>
  (await byDns(host, { all: true, family: 4 })).map(({ address }) => address);

/** Hosts of services that are started, with what their names stand for now. */
export async function lookedUp(
  { services }: Services,
  wayOut: HostRules['wayOut'] = {},
  lookup = usualLookup,
): Promise<Exception[]> {
  const asked = Object.entries(wayOut)
    .filter(([service]) => Object.hasOwn(services, service))
    .flatMap(([service, hosts]) => Object.entries(hosts).map(([host, why]) => ({ service, host, why })));
  return Promise.all(
    asked.map(async (one) => {
      const found = await lookup(one.host).catch(() => []);
      return { ...one, addresses: [...new Set(found)].filter(isElsewhere) };
    }),
  );
}

/** This machine by its own loopback is in every container another one: itself. */
const isElsewhere = (address: string): boolean => !/^(?:127\.|0\.)/.test(address);

/** What is said of it to who reads the plan, before any name is looked up. */
export const plannedLines = ({ services }: Services, wayOut: HostRules['wayOut'] = {}): string[] =>
  Object.entries(wayOut)
    .filter(([service]) => Object.hasOwn(services, service))
    .flatMap(([service, hosts]) =>
      Object.entries(hosts).map(
        ([host, why]) => `${service} may reach ${host}, and no other service may: ${why}`,
      ),
    );

/** The same of a drill: the report prints it. */
export function lineOf({ service, host, why, addresses }: Exception, fixed: Fixed): string {
  const not = (because: string): string =>
    `${service} reaches ${host} no more than others do: ${because} (${why})`;
  if (addresses.length === 0) return not('nobody knows that name here now');
  if (Object.keys(fixed[service] ?? {}).length === 0) return not('it is on no network with a way out');
  return `${service} may reach ${host} (${addresses.join(', ')}), and no other service may: ${why}`;
}

/** An address for each service that may reach anything, on each of its networks that is closed. */
export function fixedFor(
  { services }: Services,
  exceptions: readonly Exception[],
  closed: ReadonlyMap<string, ClosedNetwork>,
): Fixed {
  const names = [
    ...new Set(exceptions.filter(({ addresses }) => addresses.length > 0).map(({ service }) => service)),
  ];
  return Object.fromEntries(
    names.map((service, i) => {
      const { networks = {} } = services[service] as MovedService;
      const own = Object.keys(networks).flatMap((key) => {
        const gateway = closed.get(key)?.gateway;
        return gateway === undefined ? [] : [[key, below(gateway, i + 1)] as const];
      });
      return [service, Object.fromEntries(own)];
    }),
  );
}

/** So many addresses below one. */
function below(address: string, by: number): string {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) - by;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** What of it the container that refuses is told. */
export function lettingThrough(
  exceptions: readonly Exception[],
  fixed: Fixed,
): {
  through: LetThrough[];
  known: Record<string, string[]>;
} {
  const through = exceptions.flatMap(({ service, addresses: to }) => {
    const from = Object.values(fixed[service] ?? {});
    return from.length > 0 && to.length > 0 ? [{ from, to }] : [];
  });
  const known = Object.fromEntries(exceptions.map(({ host, addresses }) => [host, addresses]));
  return { through, known };
}
