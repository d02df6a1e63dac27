import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const provider = createStackProvider({ progress });
const mark = `fixed-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'muster-as-it-is-'));
const file = join(folder, 'compose.yml');
/** Everything that can be fixed, and everything that is somebody else's. */
const text = `name: ${mark}
x-server: &server
  image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
  platform: linux/${process.arch === 'x64' ? 'amd64' : process.arch}
  restart: always
  command: [redis-server, --save, "", --protected-mode, "no"]
services:
  cache:
    <<: *server
    container_name: ${mark}-cache
    labels: { traefik.enable: "true" }
    environment: { VIRTUAL_HOST: cache.example }
    ports: ["127.0.0.1:46379:6379"]
    networks: { shop: { ipv4_address: 10.231.203.10 }, edge: }
    volumes: [data:/data, kept:/kept]
  app:
    <<: *server
    command:
      - sh
      - -c
      - while :; do redis-cli -h 10.231.203.10 ping && redis-cli -h ${mark}-cache ping && redis-cli -h hidden ping && touch /tmp/ready; sleep 0.2; done
    networks: [shop, inner]
    depends_on: [cache, hidden]
    healthcheck: { test: [CMD, test, -e, /tmp/ready], interval: 1s, retries: 60 }
  hidden:
    <<: *server
    networks: [inner]
networks:
  shop:
    name: ${mark}-net
    ipam: { config: [{ subnet: 10.231.203.0/24 }] }
  inner: { internal: true }
  edge: { external: true, name: ${mark}-edge }
volumes:
  data: { name: ${mark}-data }
  kept: { external: true, name: ${mark}-kept }
`;
const digest = (): string => createHash('sha256').update(readFileSync(file)).digest('hex');
let before = '';
let environment: Record<string, string> = {};
const docker = (...args: string[]): string =>
  execFileSync('docker', args, { env: { ...process.env, ...environment }, stdio: 'pipe' }).toString();
const production = ['compose', '--project-name', `${mark}-prod`, '--file', file];
/** What runs of the production copy, and what it holds. */
const ofProduction = (): string[] => [
  docker(...production, 'ps', '--format', '{{.ID}} {{.Service}} {{.State}}'),
  docker('exec', `${mark}-cache`, 'redis-cli', 'get', 'mine'),
  docker('exec', `${mark}-cache`, 'sh', '-c', 'ls /kept'),
  docker('network', 'inspect', `${mark}-net`, '--format', '{{.Id}}'),
];

const up = (drill: string, services: string[] = []): Promise<Stack> =>
  provider.up({
    file,
    drill,
    services,
    environment: {},
    host: { ...noRules, ways: { hidden: [6379] } },
    progress,
  });

/** Whether a server answers at a port of the service, asked from this machine. */
async function answers(service: Service): Promise<string> {
  const socket = connect(await service.endpoint(6379));
  socket.write('PING\r\n');
  return new Promise((done, failed) => {
    socket.once('data', (said) => {
      socket.destroy();
      done(said.toString());
    });
    socket.once('error', failed);
    socket.once('end', () => failed(new Error('ended')));
  });
}

beforeAll(async () => {
  writeFileSync(file, text);
  before = digest();
  const chosen = await provideImages(
    await getRuntime(),
    new Map([['redis', 'redis:8.0.2']]),
    imageChoice(process.env, progress),
  );
  environment = { MUSTER_IMAGE_REDIS: chosen.get('redis')!.reference };
  docker('network', 'create', `${mark}-edge`);
  docker('volume', 'create', `${mark}-kept`);
  docker(...production, 'up', '--detach', '--wait');
  docker('exec', `${mark}-cache`, 'redis-cli', 'set', 'mine', 'of-production');
  docker('exec', `${mark}-cache`, 'touch', '/kept/file');
});
afterAll(() => {
  docker(...production, 'down', '--volumes');
  docker('network', 'rm', `${mark}-edge`);
  docker('volume', 'rm', `${mark}-kept`);
  rmSync(folder, { recursive: true, force: true });
});

describe('a project in which everything is fixed, beside a running copy of itself', () => {
  test('comes up twice at once, each on its own, and the copy and the file stay as they were', async () => {
    const there = ofProduction();
    const drills = [uniqueDrill('fixed-a'), uniqueDrill('fixed-b')];
    const stacks = await Promise.all(drills.map((drill) => up(drill)));
    try {
      for (const stack of stacks) {
        // It found the others by the address, the container's name and the service's.
        await expect
          .poll(() => stack.services.get('app')!.state(), { timeout: 120_000 })
          .toMatchObject({ health: 'healthy' });
        const cache = stack.services.get('cache')!;
        expect(await cache.exec(['redis-cli', 'get', 'mine'])).toMatchObject({ stdout: '\n' });
        expect(await cache.exec(['ls', '/kept'])).toMatchObject({ code: 0, stdout: '' });
        expect(cache.env).not.toHaveProperty('VIRTUAL_HOST');
        expect(await answers(cache)).toBe('+PONG\r\n');
        expect(await answers(stack.services.get('hidden')!)).toBe('+PONG\r\n');
        expect(stack.contained).toContain(
          `external volume ${mark}-kept: an empty one of the drill's own instead`,
        );
        const labels = docker('inspect', `${stack.project}-cache-1`, '--format', '{{json .Config.Labels}}');
        expect(labels).not.toContain('traefik');
      }
      expect(ofProduction()).toEqual(there);
    } finally {
      await Promise.all(stacks.map((stack) => stack.down()));
    }
    for (const drill of drills) expect(await leftOf(drill)).toEqual([]);
    expect(ofProduction()).toEqual(there);
    expect(digest()).toBe(before);
  });

  test('without what a drill lays over it, it does not come up beside itself', () => {
    expect(() =>
      docker('compose', '--project-name', `${mark}-second`, '--file', file, 'up', '--detach'),
    ).toThrow(/overlaps|already in use|already allocated/);
    docker('compose', '--project-name', `${mark}-second`, '--file', file, 'down', '--volumes');
  });

  test('of the services those that are named start, with what they need', async () => {
    const drill = uniqueDrill('fixed-c');
    const stack = await up(drill, ['hidden']);
    try {
      expect([...stack.services.keys()]).toEqual(['hidden']);
      const made = ['ps', '--all', '--filter', `label=com.docker.compose.project=${stack.project}`];
      expect(docker(...made, '--format', '{{.Names}}')).toBe(`${stack.project}-hidden-1\n`);
      expect(await answers(stack.services.get('hidden')!)).toBe('+PONG\r\n');
    } finally {
      await stack.down();
    }
    expect(await leftOf(drill)).toEqual([]);
  });
});
