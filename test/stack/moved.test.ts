import { describe, expect, test } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { refuseHurried } from '../../stack/egress-block.ts';
import { assertContained } from '../../stack/laid.ts';
import { nothingLaid } from '../../stack/override.ts';
import { laid, one } from './laid-over.ts';

describe('ports', () => {
  test.each([
    ['["8080:80"]', ['port 8080 of web: free on 127.0.0.1 instead']],
    ['["80"]', ['port 80 of web: free on 127.0.0.1 instead']],
    ['["192.0.2.1:80:80", "443:443"]', ['ports 80, 443 of web: free on 127.0.0.1 instead']],
    ['["127.0.0.1::80"]', []],
  ])('%s', async (ports, lines) => {
    const found = await laid(one(`ports: ${ports}`));
    expect(found.lines).toEqual(lines);
    for (const port of found.service('web').ports!) {
      expect(port.host_ip).toBe('127.0.0.1');
      expect(port).not.toHaveProperty('published');
    }
  });

  test('of UDP are not published: a drill asks none', async () => {
    const { lines, service } = await laid(one('ports: ["53:53/udp", "127.0.0.1::80"]'));
    expect(lines).toEqual(['port 53/udp of web: not published']);
    expect(service('web').ports!.map(({ target }) => target)).toEqual([80]);
  });

  test('that nobody publishes are published for Muster, on loopback', async () => {
    const { lines, service } = await laid(one('expose: ["3306"]'), { web: [3306] });
    expect(lines).toEqual(['port 3306 of web, not published: free on 127.0.0.1, for Muster']);
    expect(service('web').ports).toEqual([
      { mode: 'ingress', host_ip: '127.0.0.1', target: 3306, protocol: 'tcp' },
    ]);
  });
});

describe('names', () => {
  test('a container name is a name on its networks, by which others know it', async () => {
    const { lines, service } = await laid(
      one('container_name: shop-web, networks: { a: { aliases: [old] }, b: }', 'networks: { a: , b: }\n'),
    );
    expect(lines).toEqual([
      "container shop-web: one of the drill's own instead; on its networks web is found by that name",
    ]);
    expect(service('web').container_name).toBe('muster-d1-web-1');
    expect(service('web').networks).toEqual({
      a: { aliases: ['old', 'shop-web'] },
      b: { aliases: ['shop-web'] },
    });
  });

  test("of project, volumes and networks are the drill's own", async () => {
    const { lines, merged } = await laid(
      `name: shop\n${one('volumes: ["data:/d"]', 'volumes: { data: { name: shop-data } }\nnetworks: { default: { name: shop-net } }\n')}`,
    );
    expect(lines.sort()).toEqual([
      "network shop-net: one of the drill's own instead",
      "volume shop-data: one of the drill's own instead",
    ]);
    expect([merged.volumes!['data']!.name, merged.networks!['default']!.name]).toEqual([
      'muster-d1_data',
      'muster-d1_default',
    ]);
  });
});

describe('networks and volumes that are not of the project', () => {
  test('are replaced', async () => {
    const { lines, merged } = await laid(
      one(
        'networks: [default, edge], volumes: ["data:/d"]',
        'networks: { edge: { external: true, name: proxy } }\nvolumes: { data: { external: true } }\n',
      ),
    );
    expect(lines.sort()).toEqual([
      "external network proxy: one of the drill's own instead",
      "external volume data: an empty one of the drill's own instead",
    ]);
    expect(merged.networks!['edge']).toMatchObject({ name: 'muster-d1_edge' });
    expect(merged.networks!['edge']!.external ?? false).toBe(false);
    expect(merged.volumes!['data']!.external ?? false).toBe(false);
  });

  test('a bridge with a name of the host, another driver, and a subnet are left out', async () => {
    const { lines, merged } = await laid(
      one(
        'networks: [a, b]',
        `networks:
  a: { driver_opts: { com.docker.network.bridge.name: br-shop, com.docker.network.driver.mtu: "1400" }, ipam: { config: [{ subnet: 10.231.199.0/24 }] } }
  b: { driver: macvlan, driver_opts: { parent: eth0 } }
`,
      ),
    );
    expect(lines).toEqual([
      'subnet 10.231.199.0/24 of network a: one that is free instead',
      'options of network a: left out, they name something of this machine (com.docker.network.bridge.name)',
      "network b by macvlan: a bridge of the drill's own instead",
      'options of network b: left out, they name something of this machine (parent)',
    ]);
    expect(merged.networks!['a']).toMatchObject({
      driver_opts: { 'com.docker.network.driver.mtu': '1400' },
      ipam: {},
    });
    expect(JSON.stringify(merged.networks)).not.toMatch(/172\.31|br-shop|eth0|macvlan/);
  });

  test('an internal one stays, and Muster reaches who is on nothing else by one that leads nowhere', async () => {
    const compose = `services:
  db: { image: x, networks: [inner] }
  web: { image: x, networks: [inner, outer], ports: ["127.0.0.1::80"] }
  job: { image: x, networks: [inner] }
networks: { inner: { internal: true }, outer: }
`;
    const { lines, merged, service } = await laid(compose, { db: [3306] });
    expect(lines).toEqual([
      'port 3306 of db, not published: free on 127.0.0.1, for Muster',
      'db is on internal networks only: Muster reaches it by a further one, which leads nowhere',
    ]);
    expect(merged.networks!['inner']).toMatchObject({ internal: true });
    expect(Object.keys(service('db').networks!)).toEqual(['inner', 'muster-ingress']);
    expect(Object.keys(service('job').networks!)).toEqual(['inner']);
    expect(merged.networks!['muster-ingress']).toMatchObject({
      driver_opts: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' },
    });
  });
});

describe('a fixed address', () => {
  const compose = `services:
  db: { image: x, networks: { shop: { ipv4_address: 10.231.199.10 } } }
  app:
    image: x
    command: [sh, -c, 'ping 10.231.199.10; mysql -h10.231.199.10; ping 10.231.199.101; echo "$$HOME"']
    environment: { DB: "mysql://root@10.231.199.10:3306/app", OTHER: kept }
    healthcheck: { test: [CMD, ping, 10.231.199.10] }
    extra_hosts: ["db.intern:10.231.199.10", "mail:192.0.2.1"]
    networks: [shop]
networks: { shop: { ipam: { config: [{ subnet: 10.231.199.0/24 }] } } }
`;

  test('is not taken, and who knows it by that knows it by its name', async () => {
    const { lines, service } = await laid(compose);
    expect(lines).toEqual([
      'subnet 10.231.199.0/24 of network shop: one that is free instead',
      '10.231.199.10 in the command of app: db instead',
      '10.231.199.10 in the health check of app: db instead',
      '10.231.199.10 in the environment of app: db instead',
      'address 10.231.199.10 of db: whichever is free instead',
    ]);
    const app = service('app');
    expect(app.command).toEqual(['sh', '-c', 'ping db; mysql -hdb; ping 10.231.199.101; echo "$$HOME"']);
    expect(app.environment).toEqual({ DB: 'mysql://root@db:3306/app', OTHER: 'kept' });
    expect(app.healthcheck!.test).toEqual(['CMD', 'ping', 'db']);
    expect(JSON.stringify(app.extra_hosts)).toMatch(/mail/);
    expect(JSON.stringify(app.extra_hosts)).not.toMatch(/intern/);
    expect(service('db').networks).toEqual({ shop: { aliases: ['db.intern'] } });
  });
});

test('a variable that the strategy has otherwise in a drill is so in the copy alone', async () => {
  const set = { web: { CRON: '*/1 * * * *', PRICE: 'a $b' } };
  const { lines, service } = await laid(one('environment: { CRON: "@daily", A: b }'), {}, set);
  expect(lines).toEqual([
    'CRON of web: "*/1 * * * *" in the drill\'s copy, as the strategy says',
    'PRICE of web: "a $b" in the drill\'s copy, as the strategy says; the compose file does not set it',
  ]);
  expect(service('web').environment).toEqual({ A: 'b', CRON: '*/1 * * * *', PRICE: 'a $$b' });
});

test('nothing is hurried where the way out cannot be closed', () => {
  const config = { services: { cron: {}, web: {} } } as unknown as ComposeConfig;
  const refused = (environment: Record<string, Record<string, string>>) => (): void =>
    refuseHurried(config, { ...noRules, environment });
  expect(refused({ cron: { CRON: '* * * * *' } })).toThrow(/cron could write to, and remove from/);
  expect(refused({ elsewhere: { CRON: '* * * * *' } })).not.toThrow();
  expect(refused({})).not.toThrow();
});

test('of several replicas one is started', async () => {
  const { lines, service } = await laid(
    'services:\n  a: { image: x, deploy: { replicas: 3 } }\n  b: { image: x, scale: 2 }\n',
  );
  expect(lines).toEqual(['3 replicas of a: 1 instead', '2 replicas of b: 1 instead']);
  expect([service('a').deploy!.replicas, service('b').scale ?? 1]).toEqual([1, 1]);
});

test('what a container is made for and may do stays as it is, and nothing is said of it', async () => {
  const { lines, service } = await laid(
    one(
      'platform: linux/arm64, init: true, user: "1000:1000", read_only: true, tmpfs: [/tmp], cap_drop: [ALL], ports: ["127.0.0.1::80"]',
    ),
  );
  expect(lines).toEqual([]);
  expect(service('web')).toMatchObject({
    platform: 'linux/arm64',
    init: true,
    user: '1000:1000',
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
  });
});

test('of a stack that fixes nothing, nothing is said', async () => {
  const compose = one(
    'ports: ["127.0.0.1::80"], volumes: ["d:/d"], labels: { muster.region: west }',
    'volumes: { d: }\n',
  );
  expect((await laid(compose)).lines).toEqual([]);
});

describe('what a merged file still shares is not started', () => {
  const merged = (keys: string, more = {}): ComposeConfig =>
    ({ services: { web: JSON.parse(keys) as object }, ...more }) as ComposeConfig;
  test.each([
    ['a fixed port', merged('{ "ports": [{ "target": 80, "published": "8080" }] }')],
    ['a container name', merged('{ "container_name": "shop-web" }')],
    ['an external network', merged('{}', { networks: { edge: { name: 'muster-d1_edge', external: true } } })],
    ['a network of another name', merged('{}', { networks: { edge: { name: 'proxy' } } })],
  ])('%s', (_, config) => {
    expect(() => assertContained(config, nothingLaid, noRules, 'muster-d1')).toThrow(/not decided on/);
  });
});
