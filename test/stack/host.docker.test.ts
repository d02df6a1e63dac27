import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { inspectHost, type HostFinding } from '../../stack/host.ts';
import { prepareHost } from '../../stack/host-preparation.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { containerShell } from '../../stack/shell.ts';
import { marked, removeMarked } from '../../stack/marked.ts';
import { uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('host');
const repository = join(import.meta.dirname, '../..');
const silent = (): void => undefined;
const program = join(import.meta.dirname, 'inspect-and-prepare.ts');

interface Told {
  before: HostFinding[];
  did: string[];
  again: string[];
  after: HostFinding[];
  error: { trouble: string; message: string; found: string; hint: string } | null;
}
const ok = (findings: HostFinding[]): Record<string, boolean> =>
  Object.fromEntries(findings.map((each) => [each.name, each.ok]));

afterAll(async () => {
  const runtime = await getRuntime();
  await removeMarked(runtime, () => marked(runtime, [`${labels.drill}=${drill}`]));
});

describe('this host, where these tests run', () => {
  test('has all that a drill needs, and is told so without a remedy', async () => {
    const findings = await inspectHost();
    expect(findings.map((each) => each.name)).toEqual([
      'Node.js',
      'Docker engine',
      'Docker Compose',
      'image registry',
      'mmdebstrap',
      'disk space',
    ]);
    for (const finding of findings) expect(finding, finding.name).toMatchObject({ ok: true, remedy: null });
  });

  test('is prepared already: nothing is done', async () => {
    expect(await prepareHost({ progress: silent })).toEqual([]);
  });
});

test('nobody but root on Debian is told what to do by hand, and nothing is installed', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    uid: 65534,
    gid: 65534,
    env: { PATH: '/nowhere', DOCKER_HOST: 'tcp://127.0.0.1:9' },
    cwd: '/',
  });
  const told = JSON.parse(stdout) as Told;
  expect(ok(told.before)).toMatchObject({ 'Docker engine': false, 'Docker Compose': false });
  for (const finding of told.before) if (!finding.ok) expect(finding.remedy, finding.name).toBeTruthy();
  expect(told.error).toMatchObject({
    trouble: 'environment',
    message: 'this host cannot be prepared from here',
    found: 'Debian, but not root',
  });
  expect(told.did).toEqual([]);
});

describe('a fresh Debian machine, without an init system', () => {
  test.each(['bookworm', 'trixie'])(
    '%s: engine, client, Compose and mmdebstrap are installed, the engine is started, its sources stay as they were',
    async (suite) => {
      const runtime = await getRuntime();
      const base = `base-${suite}`;
      const image = (
        await provideImages(runtime, new Map([[base, null]]), imageChoice({ MUSTER_IMAGES: 'build' }, silent))
      ).get(base)!.reference;
      const node = dirname(createRequire(import.meta.url).resolve('node/bin/node'));
      const container = await runtime.container.create({
        Image: image,
        Cmd: ['sleep', 'infinity'],
        Labels: { [labels.drill]: drill, [labels.owner]: currentOwner() },
        Volumes: { '/var/lib/docker': {} },
        // As much as an engine of its own needs to start; its containers are not run.
        HostConfig: {
          CapAdd: ['SYS_ADMIN', 'NET_ADMIN'],
          SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
          Binds: [`${repository}:${repository}:ro`],
          Init: true,
        },
      });
      try {
        await container.start();
        const machine = containerShell({
          runtime,
          container,
          name: suite,
          clock: systemClock,
          hostSignal: { prepare: async () => undefined, send: async () => undefined },
        });
        const sources = () =>
          machine.exec(['sh', '-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null']);
        const before = await sources();
        const ran = await machine.exec([join(node, 'node'), program]);
        expect(ran.code, ran.stderr).toBe(0);
        const told = JSON.parse(ran.stdout) as Told;
        expect(told.error).toBeNull();
        expect(ok(told.before)).toMatchObject({
          'Node.js': true,
          'Docker engine': false,
          'Docker Compose': false,
          mmdebstrap: false,
        });
        expect(told.did).toEqual([
          'installing docker.io, iptables, docker-cli, mmdebstrap',
          'starting the Docker engine',
          'installing Docker Compose',
        ]);
        expect(told.again).toEqual([]);
        for (const finding of told.after) expect(finding, finding.name).toMatchObject({ ok: true });
        expect((await machine.exec(['docker', 'compose', 'version', '--short'])).stdout).toMatch(/^2\./);
        expect(await sources()).toEqual(before);
      } finally {
        await container.remove({ force: true, v: true });
      }
    },
  );
});
