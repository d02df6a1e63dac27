import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { labels, currentOwner } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { createRunEnvironment } from '../../stack/run-environment.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('reference');
const file = join(import.meta.dirname, '../../docker-compose.yml');
const progress = (): void => undefined;
const provider = createStackProvider({ progress });
let stack: Stack;
let ca: string;

beforeAll(async () => {
  const run = await createRunEnvironment();
  ca = run.ca;
  stack = await provider.up({ file, drill, environment: run.environment, progress });
});

afterAll(async () => {
  await stack?.down();
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

describe('the reference stack', () => {
  test('is up: every service of the file that is behind no profile, healthy, from an image whose origin is known', async () => {
    const described = await provider.describe(file);
    const asked = [...described.services]
      .filter(([, { profiles }]) => profiles.length === 0)
      .map(([name]) => name);
    expect(asked.length).toBeLessThan(described.services.size);
    expect([...stack.services.keys()].sort()).toEqual(asked.sort());
    for (const service of stack.services.values()) {
      await service.waitHealthy(5_000);
      expect(await service.state(), service.name).toMatchObject({
        status: 'running',
        restarts: 0,
        exitCode: null,
        oomKilled: false,
      });
    }
    for (const image of stack.images) {
      expect(image.digest, image.service).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(['pulled', 'built', 'present']).toContain(image.source);
    }
  });

  test("carries the drill's and its owner's label on all that it made", async () => {
    const all = await leftOf(drill);
    expect(all.filter((each) => each.kind === 'volume').length).toBeGreaterThanOrEqual(6);
    expect(all.some((each) => each.kind === 'network')).toBe(true);
    for (const each of all) expect(each, each.name).toMatchObject({ drill, owner: currentOwner() });
    for (const { kind, name, madeMs } of all)
      if (kind !== 'image') expect(madeMs, name).toBeGreaterThan(Date.now() - 24 * 3_600_000);
  });

  test('publishes on loopback only', async () => {
    const docker = (await getRuntime()).container.dockerode;
    const found = await docker.listContainers({ filters: { label: [`${labels.drill}=${drill}`] } });
    const published = found.flatMap((each) => each.Ports.filter((port) => port.PublicPort));
    expect(published.length).toBeGreaterThanOrEqual(10);
    expect([...new Set(published.map((port) => port.IP))]).toEqual(['127.0.0.1']);
  });

  test('is reached by clients through toxiproxy and TLS 1.3, and by nothing older', async () => {
    const { port } = await stack.services.get('toxiproxy')!.endpoint(8443);
    const get = async (connect: object): Promise<number> => {
      const dispatcher = new Agent({ connect: { ca, ...connect } });
      try {
        return (await fetch(`https://localhost:${port}/ready`, { dispatcher })).status;
      } finally {
        await dispatcher.close();
      }
    };
    expect(await get({})).toBe(200);
    await expect(get({ maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await expect(get({ ca: undefined })).rejects.toThrow();
  });

  test('runs its servers as their own users, with the flags of the compose file', async () => {
    const mysql = stack.services.get('mysql')!;
    const sql =
      'SELECT @@gtid_mode, @@binlog_format, @@innodb_buffer_pool_size, @@server_id; SHOW DATABASES LIKE "app"';
    const asked = await mysql.exec(
      ['mysql', '--batch', '--skip-column-names', '--user=root', '--execute', sql],
      { env: { MYSQL_PWD: mysql.env['MYSQL_ROOT_PASSWORD']! } },
    );
    expect(asked.stdout.trim().split(/\s/)).toEqual(['ON', 'ROW', String(8 * 1024 * 1024), '1', 'app']);
    for (const [name, user] of [
      ['mysql', 'mysql'],
      ['redis', 'redis'],
    ] as const) {
      const service = stack.services.get(name)!;
      const uid = (await service.exec(['id', '-u', user])).stdout.trim();
      expect(
        (await service.exec(['sh', '-c', 'grep ^Uid: /proc/1/status'])).stdout.split(/\s+/)[1],
        name,
      ).toBe(uid);
    }
  });

  test("lets the application's account log in over the network, and nobody without the password", async () => {
    const mysql = stack.services.get('mysql')!;
    const login = (password: string) =>
      mysql.exec(['mysql', '--host=mysql', '--user=app', '--execute', 'SELECT 1', 'app'], {
        env: { MYSQL_PWD: password },
      });
    expect((await login(mysql.env['MYSQL_PASSWORD']!)).code).toBe(0);
    expect((await login('wrong')).stderr).toContain('Access denied');
  });

  test('a second stack of the same name is refused, and the first is left as it is', async () => {
    const { environment } = await createRunEnvironment();
    await expect(provider.up({ file, drill, environment, progress })).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringContaining('already there'),
    });
    expect((await stack.services.get('redis')!.state()).status).toBe('running');
  });
});
