import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostRules, Stack } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' });

describe('an external volume that the strategy has copied', { timeout: 300_000 }, () => {
  const volume = `muster-test-theirs-${process.pid}`;
  const large = `${volume}-large`;
  let image: string;
  /** In a container of the test's own, which is gone afterwards. */
  const inVolume = (name: string, mode: 'ro' | 'rw', script: string): string =>
    docker(
      'run',
      '--rm',
      '--user',
      '0',
      '--entrypoint',
      'sh',
      '--volume',
      `${name}:/v:${mode}`,
      image,
      '-c',
      script,
    );
  const digest = (): string => inVolume(volume, 'ro', 'cd /v && tar --sort=name -cf - . | sha256sum');
  /** How it was mounted since then, as the engine says. */
  const mountedSince = (since: number): string[] =>
    docker(
      ...['events', '--since', String(since), '--until', String(Math.ceil(Date.now() / 1000))],
      ...['--filter', `volume=${volume}`, '--filter', 'event=mount'],
      ...['--format', '{{index .Actor.Attributes "read/write"}}'],
    )
      .trim()
      .split('\n');
  const up = async (drill: string, mounts: HostRules['mounts'], of = volume): Promise<[Stack, string[]]> => {
    const said: string[] = [];
    const file = join(mkdtempSync(join(tmpdir(), 'muster-external-')), 'compose.yml');
    writeFileSync(
      file,
      `services:
  other:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    volumes: ["theirs:/theirs"]
volumes: { theirs: { external: true, name: ${of} } }
`,
    );
    const stack = await createStackProvider({ progress: () => undefined }).up({
      ...{ file, drill, environment: {}, host: { ...noRules, mounts } },
      progress: (line) => void said.push(line),
    });
    return [stack, said];
  };

  beforeAll(async () => {
    const choice = imageChoice(process.env, () => undefined);
    const chosen = await provideImages(await getRuntime(), new Map([['redis', 'redis:8.0.2']]), choice);
    image = chosen.get('redis')!.reference;
    for (const name of [volume, large]) docker('volume', 'create', name);
    inVolume(
      volume,
      'rw',
      'cd /v && mkdir -p a/b && echo theirs > a/b/file && ln -s b a/link && chown 1234:4321 a/b && chmod 700 a/b && head -c 1000000 /dev/urandom > large',
    );
    inVolume(large, 'rw', 'truncate -s 300M /v/large');
  });
  afterAll(() => void docker('volume', 'rm', volume, large));

  test.each(['theirs', volume])(
    'is there in the drill, named %s, and as it was for its owner',
    async (name) => {
      const before = digest();
      const since = Math.floor(Date.now() / 1000);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const drill = uniqueDrill('external');
      const [stack, said] = await up(drill, { [name]: 'copy' });
      try {
        const other = stack.services.get('other')!;
        const { stdout } = await other.exec([
          'sh',
          '-c',
          'cd /theirs && cat a/link/file && stat -c "%u:%g %a" a/b && wc -c < large',
        ]);
        expect(stdout).toBe('theirs\n1234:4321 700\n1000000\n');
        expect(
          await other.exec(['sh', '-c', 'echo the-drills > /theirs/a/b/file && rm /theirs/large']),
        ).toMatchObject({ code: 0 });
        expect(said).toContain(`copying volume ${volume}`);
        const contained = stack.contained.join('\n');
        expect(contained).toContain(
          `${name} of other at /theirs: a copy in a volume of the drill's own instead (as the strategy says)`,
        );
        expect(contained).not.toContain('an empty one of the drill');
      } finally {
        await stack.down();
      }
      expect(await leftOf(drill)).toEqual([]);
      const modes = mountedSince(since + 1);
      expect(modes.length).toBeGreaterThan(0);
      expect(new Set(modes)).toEqual(new Set(['false']));
      expect(digest()).toBe(before);
    },
  );

  test.each<[string, HostRules['mounts'], string, RegExp]>([
    ['too large', { theirs: 'copy' }, large, /volume .*-large is too large to be copied for a drill/],
    [
      'not there',
      { theirs: 'copy' },
      `${volume}-none`,
      /external volume .*-none is not there, and cannot be copied/,
    ],
  ])('is told of when it is %s: nothing is started, and nothing stays', async (_, mounts, of, why) => {
    const drill = uniqueDrill('external-bad');
    await expect(up(drill, mounts, of)).rejects.toThrow(why);
    expect(await leftOf(drill)).toEqual([]);
    expect(docker('volume', 'ls', '--quiet', '--filter', `name=${volume}-none`).trim()).toBe('');
  });

  test('is empty where the strategy says nothing of it, or says so', async () => {
    for (const mounts of [{}, { theirs: 'empty' }] as HostRules['mounts'][]) {
      const drill = uniqueDrill('external-empty');
      const [stack] = await up(drill, mounts);
      try {
        expect(await stack.services.get('other')!.exec(['ls', '-A', '/theirs'])).toMatchObject({
          code: 0,
          stdout: '',
        });
      } finally {
        await stack.down();
      }
      expect(await leftOf(drill)).toEqual([]);
    }
  });
});
