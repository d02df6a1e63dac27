import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { accidentFolder, bundlesIn, leftOf, timelineOf } from './workbench.ts';

const concurrent = { concurrent: true };
const nobody = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };

/** One error, in the user's words: no stack of ours, nothing twice. */
function oneError({ stderr }: Ended): string {
  const errors = [...stderr.matchAll(/^(?:\S+: )?error: .*/gm)];
  expect(errors, stderr).toHaveLength(1);
  expect(stderr).not.toMatch(/\n +at |Muster itself broke/);
  return stderr.slice(errors[0]!.index);
}

describe('without Docker', concurrent, () => {
  test.each([['run', 'scenario.yaml'], ['gc']])('muster %s: 69, with what to do', async (...args) => {
    const folder = accidentFolder();
    const ended = await muster(args, { cwd: folder, env: nobody });
    expect({ code: ended.code, stdout: ended.stdout, bundles: bundlesIn(folder) }).toEqual({
      code: 69,
      stdout: '',
      bundles: [],
    });
    expect(oneError(ended)).toMatch(
      /no container engine answers\n +found: +nothing behind DOCKER_HOST=unix:\/\/\/nonexistent\/docker.sock\n[^]*hint: +start that engine, or unset DOCKER_HOST/,
    );
  });

  test('muster doctor: 69, and says what is missing and the remedy', async () => {
    const [text, json] = await Promise.all([
      muster(['doctor'], { env: nobody }),
      muster(['doctor', '--json'], { env: nobody }),
    ]);
    expect([text.code, json.code]).toEqual([69, 69]);
    expect(text.stdout).toMatch(
      /^missing {2}Docker engine +\S[^]*remedy: start the engine that DOCKER_HOST names[^]*\n\n1 thing is missing: no drill can run here yet\.\n$/m,
    );
    const { ready, checks } = jsonOf<{
      ready: boolean;
      checks: { name: string; ok: boolean; remedy: string | null }[];
    }>(json);
    expect(ready).toBe(false);
    expect(checks.find(({ name }) => name === 'Docker engine')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('DOCKER_HOST'),
    });
  });

  test.each([
    ['plan', 'scenario.yaml'],
    ['list', 'faults'],
    ['schema', 'result'],
  ])('muster %s works', async (...args) => {
    expect((await muster(args, { cwd: accidentFolder(), env: nobody })).code).toBe(0);
  });

  test('a drill that needs no container runs, and is judged again', async () => {
    const { folder } = memoryFiles({ config: '{ bad: { readBack: fails } }' });
    expect((await muster(['run', 'scenario.yaml'], { cwd: folder, env: nobody })).code).toBe(2);
    expect((await muster(['report', ...bundlesIn(folder)], { cwd: folder, env: nobody })).code).toBe(2);
  });
});

test('muster doctor, where drills run: 0, as text within 80 columns and as JSON', async () => {
  const [text, json] = await Promise.all([muster(['doctor']), muster(['doctor', '--json'])]);
  expect([text.code, json.code, text.stderr]).toEqual([0, 0, '']);
  expect(text.stdout).toMatch(
    /^ok {7}Docker engine +\d+\.\d+[^]*ok {7}Docker Compose +2\.[^]*\n\nDrills can run here\.\n$/m,
  );
  expect(Math.max(...text.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text.stdout).not.toContain('\u001b');
  expect(jsonOf(json)).toMatchObject({
    schema: 'muster/doctor/v1',
    ready: true,
    checks: expect.arrayContaining([
      { name: 'Node.js', ok: true, found: expect.stringMatching(/^24\./), remedy: null },
    ]),
  });
});

test('a port that is taken is no obstacle: the drill has one of its own', concurrent, async ({ expect }) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const folder = accidentFolder((file, text) =>
      file === 'compose.yml' ? text.replace('127.0.0.1::6379', `127.0.0.1:${port}:6379`) : text,
    );
    const { code, stderr } = await muster(['run', 'scenario.yaml'], { cwd: folder });
    expect(code, stderr).toBe(0);
    expect(await leftOf(bundlesIn(folder))).toEqual([]);
  } finally {
    server.close();
  }
});

describe('a stack that cannot come up', concurrent, () => {
  /** Runs a drill whose compose file is altered: nothing may be left of it, and no verdict may come of it. */
  async function refused(alter: (compose: string) => string): Promise<Ended & { bundles: string[] }> {
    const folder = accidentFolder((file, text) => (file === 'compose.yml' ? alter(text) : text));
    const ended = await muster(['run', 'scenario.yaml'], { cwd: folder });
    const bundles = bundlesIn(folder);
    expect(await leftOf(bundles)).toEqual([]);
    expect(ended.stdout).not.toMatch(/PASS/);
    for (const bundle of bundles) expect(timelineOf(bundle)).toMatchObject({ broken: null });
    return { ...ended, bundles };
  }

  test('a compose file that is no YAML: 64, with its line, before anything begins', async () => {
    const ended = await refused((text) =>
      text.replace('    volumes: [redis-data:/data]', '    volumes: [redis-data:/data'),
    );
    expect([ended.code, ended.bundles]).toEqual([64, []]);
    expect(oneError(ended)).toMatch(/^compose\.yml:\d+:\d+: error: the file does not parse: /);
  });

  test('a compose file that Compose refuses: 64', async () => {
    const ended = await refused((text) =>
      text.replace('    restart: unless-stopped', '    restarts: unless-stopped'),
    );
    expect(ended.code).toBe(64);
    expect(oneError(ended)).toMatch(/compose\.yml:1:1: error: Compose refuses [^]*restarts/);
  });

  test.each([
    [
      "of nobody's",
      'registry.invalid/nobody/nothing:1',
      /hint: +where no registry answers, bring it here by `docker save` and `docker load`/,
    ],
    [
      'that Muster could build',
      'redis:99.0.0-none',
      /hint: +write image: \$\{MUSTER_IMAGE_REDIS:-redis:99\.0\.0-none\} and Muster builds an equivalent/,
    ],
  ])('an image %s that cannot be had: 69, with its line, why, and what helps', async (_, image, hint) => {
    const ended = await refused((text) => text.replace(/image: \$\{MUSTER_IMAGE_REDIS.*/, `image: ${image}`));
    expect(ended.code).toBe(69);
    const said = oneError(ended);
    expect(said).toMatch(
      new RegExp(`compose\\.yml:4:\\d+: error: image ${image} of redis cannot be pulled\\n +found: `),
    );
    expect(said).toMatch(hint);
  });
});

describe('a disk that is full', () => {
  test.each([0, 24, 96])(
    'with %i KiB left: 69, one clear error, nothing left running, and no pass',
    async (leftKilobytes) => {
      const disk = mkdtempSync(join(tmpdir(), 'muster-full-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      try {
        writeFileSync(join(disk, 'filler'), Buffer.alloc((1024 - leftKilobytes) * 1024));
        const ended = await muster(['run', 'scenario.yaml', '--out', disk], { cwd: accidentFolder() });
        expect(ended.code, ended.stdout + ended.stderr).toBe(69);
        expect(oneError(ended)).toMatch(/ENOSPC: no space left on device/);
        expect(ended.stdout).not.toMatch(/PASS/);
        const bundles = globSync('drills/*', { cwd: disk }).map((bundle) => join(disk, bundle));
        expect(await leftOf(bundles)).toEqual([]);
        for (const bundle of bundles) {
          const text = readFileSync(join(bundle, 'events.jsonl'), 'utf8');
          const { events, broken } = timelineOf(bundle);
          expect(broken === null || broken.line === text.split('\n').length, JSON.stringify(broken)).toBe(
            true,
          );
          expect(events.length).toBeGreaterThan(0);
        }
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});

test('two drills side by side do not disturb each other', { timeout: 120_000 }, async () => {
  const folders = [accidentFolder(), accidentFolder()];
  const both = await Promise.all(
    folders.map((folder) => muster(['run', 'scenario.yaml', '--seed', '1'], { cwd: folder })),
  );
  for (const { code, stdout, stderr } of both) expect(code, stdout + stderr).toBe(0);
  const bundles = folders.flatMap((folder) => bundlesIn(folder));
  expect(new Set(bundles.map((bundle) => basename(bundle))).size).toBe(2);
  expect(await leftOf(bundles)).toEqual([]);
});

test('--keep leaves the stack, which no start and no plain gc removes; gc by its id does', async () => {
  const folder = accidentFolder();
  const ended = await muster(['run', 'scenario.yaml', '--keep'], { cwd: folder });
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  const bundles = bundlesIn(folder);
  const id = basename(bundles[0]!);
  try {
    expect(ended.stdout).toContain(`muster gc ${id} removes it`);
    const plain = await muster(['gc']);
    expect(plain.stdout).toContain(`not touched: ${id}, left by --keep`);
    // Two services, the helpers that send signals and refuse what would go out, a volume and a network.
    expect(await leftOf(bundles)).toHaveLength(6);
  } finally {
    expect((await muster(['gc', id])).code).toBe(0);
  }
  expect(await leftOf(bundles)).toEqual([]);
  expect(await muster(['gc', id])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(`no drill ${id} has anything`),
  });
});
