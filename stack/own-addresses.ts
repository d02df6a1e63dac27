import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/**
 * The addresses of this machine, without those of its loopback. Node leaves out interfaces without a carrier,
 * such as the engine's bridge while no container is attached to it; the kernel answers at their addresses all
 * the same, so that it is asked as well where it says (Linux).
 */
export function ownAddresses(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return [
    ...new Set([
      ...interfaces.filter(({ internal }) => !internal).map(({ address }) => address),
      ...localRoutes(textOf('/proc/net/fib_trie')),
      ...assigned(textOf('/proc/net/if_inet6')),
    ]),
  ];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * IPv4 addresses with a route to this host itself. `trie`: the kernel's `fib_trie`, where such a route stands
 * on a line of its own below its address.
 */
export const localRoutes = (trie: string): string[] =>
  [...trie.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)]
    .map(([, address]) => address!)
    .filter((address) => !address.startsWith('127.'));

/** IPv6 addresses of interfaces. `table`: the kernel's `if_inet6`, a line each: 32 digits, …, its name. */
export const assigned = (table: string): string[] =>
  [...table.matchAll(/^([0-9a-f]{32}) .* (\S+)$/gm)]
    .filter(([, , name]) => name !== 'lo')
    .map(([, digits]) => digits!.match(/.{4}/g)!.join(':'));
