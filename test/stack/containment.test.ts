import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputErrors, MusterError } from '../../core/errors.ts';
import type { HostRules } from '../../core/stack.ts';
import { copyLimitBytes } from '../../stack/containment.ts';
import { containAhead } from '../../stack/plan-containment.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-containment-'));
const file = join(folder, 'compose.yml');
const socket = createServer();

beforeAll(async () => {
  for (const name of ['data', 'uploads/deep', 'sockets/deep'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'uploads/deep/a'), 'a picture');
  writeFileSync(join(folder, 'app.conf'), 'setting = 1');
  symlinkSync('/var/run/docker.sock', join(folder, 'innocent'));
  symlinkSync('/', join(folder, 'everything'));
  await new Promise<void>((done) => socket.listen(join(folder, 'sockets/deep/s'), done));
});
afterAll(() => {
  socket.close();
  rmSync(folder, { recursive: true, force: true });
});

const rules: HostRules = { dataFolders: { db: ['/data'] }, mounts: {}, access: {} };
const contained = async (text: string, more: Partial<HostRules> = {}): Promise<string[]> => {
  writeFileSync(file, text);
  const found = await containAhead({ file, profiles: [], host: { ...rules, ...more } });
  return found!.lines;
};
const refused = async (text: string, more: Partial<HostRules> = {}): Promise<MusterError[]> => {
  const error: unknown = await contained(text, more).then(
    (lines) => lines,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MusterError)) throw new Error(`not refused: ${String(error)}`);
  return error instanceof InputErrors ? error.all : [error];
};
/** The machine answers at 10.77.0.1, 10.78.0.9 and 2001:db8:7::1 of these. */
const networks =
  'networks:\n  default:\n    ipam:\n      config: [{ subnet: 10.77.0.0/24 }, { subnet: "2001:db8:7::/64" }, ' +
  '{ subnet: 10.78.0.0/24, gateway: 10.78.0.9 }]\n';
const service = (lines: string): string => `services:\n  db:\n    image: x\n    ${lines}\n`;

describe('what a service could reach the host by is refused, with its line', () => {
  test.each([
    ['privileged: true', 'privileged'],
    ['network_mode: host', 'network_mode: host'],
    ['network_mode: "container:other"', "a container that is not the drill's"],
    ['network_mode: bridge', "network_mode: bridge, a network that is not the drill's"],
    ['network_mode: shop_default', "network_mode: shop_default, a network that is not the drill's"],
    ['pid: host', 'pid: host'],
    ['ipc: host', 'ipc: host'],
    ['uts: host', 'uts: host'],
    ['userns_mode: host', 'userns_mode: host'],
    ['cgroup: host', 'cgroup: host'],
    ['devices: ["/dev/fuse"]', 'device /dev/fuse'],
    ['devices: [{ source: /dev/sda, target: /dev/x }]', 'device /dev/sda'],
    ['device_cgroup_rules: ["c 1:3 mr"]', 'devices c 1:3 mr'],
    [
      'deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }',
      'a device',
    ],
    ['cap_add: [SYS_ADMIN]', 'capability SYS_ADMIN'],
    ['cap_add: [CAP_SYS_PTRACE]', 'capability SYS_PTRACE'],
    ['cap_add: [sys_module]', 'capability SYS_MODULE'],
    ['cap_add: [ALL]', 'capability ALL'],
    ['security_opt: ["seccomp:unconfined"]', 'seccomp:unconfined'],
    ['security_opt: ["apparmor=unconfined"]', 'apparmor=unconfined'],
    ['security_opt: ["label:disable"]', 'label:disable'],
    ['external_links: [other]', 'other'],
    ['extra_hosts: ["x:host-gateway"]', 'the name x for host-gateway'],
    ['extra_hosts: { z: 10.0.0.5, x: host-gateway }', 'the name x for host-gateway'],
    ['extra_hosts: ["x:10.77.0.1"]', 'the name x for 10.77.0.1'],
    ['extra_hosts: ["x=10.78.0.9"]', 'the name x for 10.78.0.9'],
    ['extra_hosts: ["x=[2001:db8:7::1]"]', 'the name x for 2001:db8:7::1'],
    ['build: { context: ., extra_hosts: ["x:host-gateway"] }', 'the name x for host-gateway'],
    ['environment: ["URL=redis://host.docker.internal:6379"]', 'the name host.docker.internal'],
    ['environment: { URL: "redis://host.docker.internal:6379" }', 'the name host.docker.internal'],
    ['command: ["serve", "--db=host.containers.internal"]', 'the name host.containers.internal'],
    ['entrypoint: wait-for gateway.docker.internal:80', 'the name gateway.docker.internal'],
    ['volumes_from: ["container:other"]', 'container:other'],
    ['logging: { driver: syslog }', 'logs of the drill into syslog'],
    ['volumes: ["/var/run/docker.sock:/var/run/docker.sock"]', 'docker.sock'],
    ['volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]', 'docker.sock'],
    ['volumes: [{ type: bind, source: /run/podman/podman.sock, target: /p }]', 'podman.sock'],
    ['volumes: ["/var/run:/host/run:ro"]', '/run'],
    ['volumes: ["/:/host:ro"]', '/ of the host'],
    ['volumes: ["/:/host"]', '/ of the host'],
    ['volumes: ["/dev:/dev"]', '/dev'],
    ['volumes: ["/proc:/host/proc:ro"]', '/proc'],
    ['volumes: ["/sys:/sys:ro"]', '/sys'],
    ['volumes: ["/var/lib/docker:/d:ro"]', '/var/lib/docker'],
    ['volumes: ["./innocent:/s:ro"]', 'docker.sock'],
    ['volumes: ["./everything:/s:ro"]', '/ of the host'],
    ['volumes: ["./sockets:/s:ro"]', 'it holds the socket'],
  ])('%s', async (line, what) => {
    const [error] = await refused(service(line) + networks);
    expect(error).toMatchObject({
      trouble: 'input',
      message: 'db could reach the host',
      at: { file, line: 4 },
    });
    expect(error!.found).toContain(what);
  });

  test("a volume that is the folder above the engine's socket, a config that is the socket, and all at once", async () => {
    const text = `${service('volumes: ["vol:/v:ro"]')}    configs: [c]\n    privileged: true\nvolumes:\n  vol: { driver_opts: { type: none, o: bind, device: /run } }\nconfigs:\n  c: { file: /var/run/docker.sock }\n`;
    expect((await refused(text)).map(({ at }) => at!.line)).toEqual([6, 4, 5]);
  });

  // Bridges of other drills come and go meanwhile.
  const lasting = Object.entries(networkInterfaces()).filter(([name]) => !/^(br-|veth)/.test(name));
  test.each(lasting.flatMap(([, each]) => each ?? []))(
    'an address that this machine has now: $address',
    async ({ address, internal }) => {
      const text = service(`extra_hosts: ["a=10.77.0.5", "x=${address}"]`) + networks;
      if (internal) expect(await contained(text)).toEqual([]);
      else expect((await refused(text))[0]!.found).toBe(`the name x for ${address}`);
    },
  );

  test('the line of the very entry, and what was allowed is told', async () => {
    const text = service('extra_hosts:\n      - "z:10.77.0.5"\n      - "x:host-gateway"');
    expect((await refused(text + networks)).map(({ at }) => at!.line)).toEqual([6]);
    expect(await contained(text + networks, { access: { db: 'it scrapes the node' } })).toEqual([
      'db may reach the host by the name x for host-gateway: it scrapes the node',
    ]);
  });

  test('a name of another machine is told', async () => {
    expect(await contained(service('extra_hosts: ["shop.example:198.51.100.7"]'))).toEqual([
      'shop.example of db is 198.51.100.7, a machine outside of the drill',
    ]);
  });

  test('not where the strategy allows that service by name: then its reason is told', async () => {
    const text = service('volumes: ["/var/run/docker.sock:/var/run/docker.sock"]');
    const lines = await contained(text, { access: { db: 'it watches the others' } });
    expect(lines.at(-1)).toMatch(
      /^db may reach the host by the socket .*docker.sock: it watches the others$/,
    );
    expect(lines[0]).toContain('as it is, read-only');
    expect(await refused(text, { access: { other: 'no' } })).toHaveLength(1);
  });
});

describe('what is harmless is let through without a word', () => {
  test.each([
    ['cap_add: [NET_ADMIN, SYS_NICE, IPC_LOCK, CHOWN]'],
    ['cap_drop: [ALL]'],
    ['privileged: false'],
    ['security_opt: ["no-new-privileges:true"]'],
    ['network_mode: none'],
    ['network_mode: "service:other"'],
    ['pid: "service:other"'],
    ['ipc: shareable'],
    ['tmpfs: [/run]'],
    ['volumes: [/anonymous]'],
    ['volumes: ["own:/data"]'],
    ['volumes: ["memory:/data"]'],
    ['volumes: [{ type: tmpfs, target: /t }]'],
    ['logging: { driver: json-file, options: { max-size: 10m } }'],
    ['extra_hosts: ["own:10.77.0.5", "nobody:0.0.0.0", "self:127.0.0.1", "six=::1"]'],
    ['environment: { NAME: "localhost.docker.internal", OTHER: "my-host.docker.internal.example" }'],
    ['develop: { watch: [{ path: ., action: rebuild }] }'],
    ['configs: [{ source: c, target: /c }]'],
  ])('%s', async (line) => {
    const rest =
      '  other: { image: y }\nvolumes:\n  own:\n  memory: { driver_opts: { type: tmpfs, device: tmpfs, o: size=64m } }\nconfigs:\n  c: { file: ./app.conf }\n';
    expect(await contained(service(line) + rest + networks)).toEqual([]);
  });

  test('the reference stack and every other one here', async () => {
    const at = (path: string): string => join(import.meta.dirname, '../..', path);
    for (const path of [
      'docker-compose.yml',
      'fixtures/stacks/bounded.compose.yml',
      'fixtures/field-cases/F42.compose.yml',
    ]) {
      expect(
        await containAhead({ file: at(path), profiles: ['regions', 'standby'], host: rules }),
        path,
      ).toMatchObject({ lines: [] });
    }
  });
});

const empty = "an empty volume of the drill's own instead";
const copy = "a copy in a volume of the drill's own instead";
const kept = 'as it is, read-only';

describe('a folder of the host is replaced wherever a service may write to it', () => {
  test.each([
    ['["./data:/data"]', `./data of db at /data: ${empty} (a component keeps its data there)`],
    ['["./data:/data/deeper"]', `./data of db at /data/deeper: ${empty} (a component keeps its data there)`],
    [
      '[{ type: bind, source: ./data, target: /data }]',
      `./data of db at /data: ${empty} (a component keeps its data there)`,
    ],
    ['["./uploads:/uploads"]', `./uploads of db at /uploads: ${copy} (services may write to it)`],
    ['["./uploads:/uploads:rw,z"]', `./uploads of db at /uploads: ${copy} (services may write to it)`],
    ['["./app.conf:/etc/app.conf"]', `./app.conf of db at /etc/app.conf: ${copy} (services may write to it)`],
    ['["./app.conf:/etc/app.conf:ro"]', `./app.conf of db at /etc/app.conf: ${kept} (services read it only)`],
    ['["./uploads:/u:ro"]', `./uploads of db at /u: ${kept} (services read it only)`],
    [
      '["./uploads:/u:ro", "./uploads/:/w"]',
      `./uploads of db at /u, db at /w: ${copy} (services may write to it)`,
    ],
    [
      '["./not-there:/x"]',
      `./not-there of db at /x: ${empty} (it is not there, and a drill does not make it)`,
    ],
    [
      '["./not-there:/x:ro"]',
      `./not-there of db at /x: ${empty} (it is not there, and a drill does not make it)`,
    ],
    ['["folder:/data"]', `folder of db at /data: ${empty} (a component keeps its data there)`],
    ['["folder:/other"]', `folder of db at /other: ${copy} (services may write to it)`],
    ['["nfs:/x"]', `nfs of db at /x: ${empty} (it is on no disk of the engine's own)`],
    ['["cifs:/x"]', `cifs of db at /x: ${empty} (it is on no disk of the engine's own)`],
    ['["disk:/x"]', `disk of db at /x: ${empty} (it is on no disk of the engine's own)`],
    ['["plugin:/x"]', `plugin of db at /x: ${empty} (it is on no disk of the engine's own)`],
    [
      '["${MUSTER_TEST_UNSET:-./data}:/data"]',
      `./data of db at /data: ${empty} (a component keeps its data there)`,
    ],
  ])('volumes: %s', async (volumes, line) => {
    const declared = [
      `folder: { driver_opts: { type: none, o: bind, device: ${join(folder, 'uploads')} } }`,
      'nfs: { driver_opts: { type: nfs, o: addr=10.0.0.1, device: ":/x" } }',
      'cifs: { driver_opts: { type: cifs, o: username=x, device: //host/x } }',
      'disk: { driver_opts: { type: ext4, device: /dev/sdb1 } }',
      'plugin: { driver: rclone }',
    ]
      .map((one) => `  ${one}\n`)
      .join('');
    expect(await contained(`${service(`volumes: ${volumes}`)}volumes:\n${declared}`)).toEqual([line]);
  });

  test('by extends and by merge keys as well', async () => {
    writeFileSync(
      join(folder, 'base.yml'),
      'services:\n  base:\n    image: x\n    volumes: ["./uploads:/uploads"]\n',
    );
    expect(await contained('services:\n  db: { extends: { file: base.yml, service: base } }\n')).toEqual([
      `./uploads of db at /uploads: ${copy} (services may write to it)`,
    ]);
    const merged = 'x-all: &all { image: x, volumes: ["./data:/data"] }\nservices:\n  db:\n    <<: *all\n';
    expect(await contained(merged)).toEqual([
      `./data of db at /data: ${empty} (a component keeps its data there)`,
    ]);
  });
});

describe('the strategy can say otherwise', () => {
  const text = service('volumes: ["./data:/data", "./uploads:/u:ro"]');
  test.each([['./data'], ['data'], ['./data/'], [join(folder, 'data')]])('by %s', async (key) => {
    expect((await contained(text, { mounts: { [key]: 'copy' } }))[0]).toBe(
      `./data of db at /data: ${copy} (as the strategy says)`,
    );
  });
  test('refuse', async () => {
    expect(await refused(text, { mounts: { './uploads': 'refuse' } })).toMatchObject([
      { message: './uploads is not to be had in a drill', at: { line: 4 } },
    ]);
  });
  test('what is too large to be copied is refused with its line, and with what helps; as large as may be is not', async () => {
    const heavy = join(folder, 'heavy');
    mkdirSync(heavy);
    const written = service('volumes: ["./heavy:/h"]');
    // With holes, so that it takes no room here.
    writeFileSync(join(heavy, 'one'), '');
    truncateSync(join(heavy, 'one'), copyLimitBytes);
    expect(await contained(written)).toEqual([`./heavy of db at /h: ${copy} (services may write to it)`]);
    writeFileSync(join(heavy, 'two'), 'a byte is too many');
    expect(await refused(written)).toMatchObject([
      {
        trouble: 'input',
        message: './heavy is too large to be copied for a drill',
        found: 'more than 256.0 MiB',
        at: { file, line: 4 },
        hint: expect.stringContaining('mounts: { "./heavy": empty }') as string,
      },
    ]);
    expect(await contained(written, { mounts: { './heavy': 'empty' } })).toEqual([
      `./heavy of db at /h: ${empty} (as the strategy says)`,
    ]);
  });
  test('a folder that would be reached through is copied', async () => {
    expect(
      await contained(service('volumes: ["./sockets:/s:ro"]'), { mounts: { './sockets': 'copy' } }),
    ).toEqual([`./sockets of db at /s: ${copy} (as the strategy says)`]);
  });
  test('nothing that is no folder and no file', async () => {
    expect(
      await refused(service('volumes: ["./innocent:/s"]'), { mounts: { './innocent': 'copy' } }),
    ).toHaveLength(1);
  });
  test('what is on no disk cannot be copied', async () => {
    expect(
      await refused(
        `${service('volumes: ["net:/x"]')}volumes:\n  net: { driver_opts: { type: nfs, device: ":/x", o: addr=h } }\n`,
        { mounts: { net: 'copy' } },
      ),
    ).toHaveLength(1);
  });
});
