import { describe, expect, it, test } from 'vitest';
import { attemptsIn, closedLine, closedLineOf, lastHostOf, openNetworks } from '../../stack/egress.ts';
import { refuseFollowedOut } from '../../stack/egress-block.ts';
import { movedOf } from '../../stack/moved.ts';
import type { ComposeConfig } from '../../stack/compose.ts';

describe('the last address of a subnet that a machine may have', () => {
  it.each([
    ['172.20.0.0/16', '172.20.255.254'],
    ['192.168.16.0/20', '192.168.31.254'],
    ['10.1.2.8/29', '10.1.2.14'],
    ['10.1.2.8/30', null],
    ['fd00::/64', null],
    ['', null],
  ])('%s: %s', (subnet, last) => expect(lastHostOf(subnet)).toBe(last));
});

test('networks that services are on are closed, and those are not that have no way out already', () => {
  const config = {
    services: {
      web: { networks: { front: null, six: null, inner: null } },
      db: { networks: { inner: null } },
    },
    networks: {
      front: { name: 'p_front', driver_opts: { 'com.docker.network.driver.mtu': '1400', parent: 'eth0' } },
      inner: { name: 'p_inner', internal: true },
      six: { name: 'p_six', enable_ipv6: true },
      unused: { name: 'p_unused' },
    },
  } as unknown as ComposeConfig;
  const moved = movedOf(config, { project: 'p', labels: {} }, { db: [3306] });
  expect(openNetworks(config, moved)).toEqual(
    new Map([
      ['front', { options: { 'com.docker.network.driver.mtu': '1400' }, ipv6: false }],
      ['six', { options: {}, ipv6: true }],
      ['muster-ingress', { options: {}, ipv6: false }],
    ]),
  );
});

test('attempts are by service, and those of one service at one place are one', () => {
  const of = (from: string, port: number, packets: number, protocol: string | number = 'tcp') => ({
    elem: { val: { concat: [from, '192.0.2.10', protocol, port] }, counter: { packets } },
  });
  const json = JSON.stringify({
    nftables: [
      { metainfo: {} },
      { set: { elem: [of('10.0.0.2', 25, 3), of('10.0.0.3', 25, 4), of('10.0.0.9', 53, 1, 17)] } },
    ],
  });
  const names = new Map([
    ['10.0.0.2', 'mailer'],
    ['10.0.0.3', 'mailer'],
  ]);
  expect(attemptsIn(json, names)).toEqual([
    { service: 'mailer', to: '192.0.2.10', protocol: 'tcp', port: 25, packets: 7 },
    { service: '10.0.0.9', to: '192.0.2.10', protocol: 'udp', port: 53, packets: 1 },
  ]);
  expect(attemptsIn('{"nftables":[{"set":{}}]}', names)).toEqual([]);
});

test('a service that is on no network of the drill goes out, and that is said of it', () => {
  const services = {
    web: { networks: { front: null } },
    job: { network_mode: 'none' },
    beside: { network_mode: 'service:web' },
  };
  const of = (more: object): string =>
    closedLineOf({ services: { ...services, ...more } } as unknown as ComposeConfig);
  expect(of({})).toBe(closedLine);
  expect(of({ agent: { network_mode: 'host' } })).toBe(
    `${closedLine}; but what agent sends goes out, by network_mode`,
  );
  expect(of({ agent: { network_mode: 'bridge' }, helper: { network_mode: 'service:agent' } })).toBe(
    `${closedLine}; but what agent, helper send goes out, by network_mode`,
  );
  expect(of({ one: { network_mode: 'service:other' }, other: { network_mode: 'service:one' } })).toBe(
    closedLine,
  );
});

describe('who makes backups that are followed has no way out by another network', () => {
  const services = {
    app: { networks: { default: null } },
    dumper: { networks: { default: null } },
    bridged: { network_mode: 'bridge' },
    beside: { network_mode: 'service:app' },
    behind: { network_mode: 'service:beside' },
    lent: { network_mode: 'service:bridged' },
    alone: { network_mode: 'none' },
  } as unknown as ComposeConfig['services'];
  const wayOut = { app: { 'api.example.com': 'its sandbox' } };
  const refused = (name: string) => (): void => refuseFollowedOut({ services }, { followed: [name], wayOut });

  it.each([
    ['bridged', 'network_mode: bridge of bridged'],
    ['lent', 'network_mode: bridge of bridged, whose network lent has'],
    ['beside', 'hosts that app may reach, whose network beside has'],
    ['behind', 'hosts that app may reach, whose network behind has'],
  ])('%s is refused', (name, found) =>
    expect(refused(name)).toThrow(expect.objectContaining({ trouble: 'input', found })),
  );
  it.each(['dumper', 'alone', 'elsewhere'])('%s is not', (name) => expect(refused(name)).not.toThrow());
  it('nor is anybody else', () => expect(() => refuseFollowedOut({ services }, { wayOut })).not.toThrow());
});
