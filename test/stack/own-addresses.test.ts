import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { assigned, localRoutes, ownAddresses } from '../../stack/own-addresses.ts';

/** Of a machine whose bridge has no container: Node does not list 172.17.0.1 there. */
const trie = `Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 172.17.0.0/16 2 0 2
        +-- 172.17.0.0/31 1 0 0
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.1
              /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
`;

test("an address of a bridge that nothing is attached to is this machine's, and that of its network is not", () => {
  expect(localRoutes(trie)).toEqual(['172.17.0.1']);
  expect(localRoutes('')).toEqual([]);
});

test('an IPv6 address of an interface without a carrier, in the form that the engine takes', () => {
  const table =
    'fe80000000000000004239fffe1d8dbb 05 40 20 80  docker0\n' +
    '00000000000000000000000000000001 01 80 10 80       lo\n';
  expect(assigned(table)).toEqual(['fe80:0000:0000:0000:0042:39ff:fe1d:8dbb']);
});

test('what Node knows of is there, each once, and no loopback', () => {
  const known = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  const own = ownAddresses();
  expect(own).toEqual(expect.arrayContaining(known.map(({ address }) => address)));
  expect(new Set(own).size).toBe(own.length);
  expect(own.filter((address) => address.startsWith('127.') || address === '::1')).toEqual([]);
});
