import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { digestOf, imageChoice, provideImages, type ImageChoice } from '../../stack/images.ts';
import { labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { recipesFolder } from '../../stack/recipes.ts';
import { followed, getRuntime, type Runtime } from '../../stack/runtime.ts';
import { removeMarked, marked } from '../../stack/marked.ts';
import { ownRegistry, pushed } from './own-registry.ts';
import { smallStack, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('images');
const official = 'redis:8.0.2';
const silent = (): void => undefined;
let runtime: Runtime;
let mirror: string;
let builtRedis: string;
let pushedDigest: string;
const ourReferences: string[] = [];

/** An image that nobody else has: the Redis built here, and one layer of this test's own. */
async function pushUnique(reference: string): Promise<string> {
  const docker = runtime.container.dockerode;
  const context = mkdtempSync(join(tmpdir(), 'muster-mirror-'));
  writeFileSync(join(context, 'Dockerfile'), `FROM ${builtRedis}\nCOPY unique /unique\n`);
  writeFileSync(join(context, 'unique'), drill);
  await followed(docker, await docker.buildImage({ context, src: readdirSync(context) }, { t: reference }));
  return pushed(runtime, reference);
}

beforeAll(async () => {
  runtime = await getRuntime();
  const build = imageChoice({ MUSTER_IMAGES: 'build' }, silent);
  const made = await provideImages(runtime, new Map([['redis', official]]), build);
  builtRedis = made.get('redis')!.reference;
  mirror = await ownRegistry(runtime, drill);
  ourReferences.push(`${mirror}/library/redis:8.0.2`);
  pushedDigest = await pushUnique(ourReferences[0]!);
});

afterAll(async () => {
  for (const reference of ourReferences)
    await runtime.container.dockerode
      .getImage(reference)
      .remove()
      .catch(() => undefined);
  await removeMarked(runtime, () => marked(runtime, [`${labels.drill}=${drill}`]));
});

const want = new Map([['redis', official]]);
const choose = (mode: string, registry: string, said: string[] = []): ImageChoice =>
  imageChoice({ MUSTER_IMAGES: mode, MUSTER_REGISTRY: registry }, (line) => said.push(line));
const forget = (): Promise<unknown> => runtime.container.dockerode.getImage(ourReferences[0]!).remove();

describe('the pulling way, from a registry that has the official name', () => {
  test.each(['pull', 'auto'])(
    "%s: pulls it once, says so, and records the registry's digest",
    async (mode) => {
      const said: string[] = [];
      const expected = { name: 'redis', reference: `${mirror}/library/redis:8.0.2`, digest: pushedDigest };
      expect((await provideImages(runtime, want, choose(mode, mirror, said))).get('redis')).toEqual({
        ...expected,
        source: 'pulled',
      });
      expect(said.filter((line) => line.includes('pulled'))).toHaveLength(1);
      expect((await provideImages(runtime, want, choose(mode, mirror))).get('redis')).toEqual({
        ...expected,
        source: 'present',
      });
      await forget();
    },
  );

  test('a stack runs on what was pulled', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { MUSTER_IMAGES: 'pull', MUSTER_REGISTRY: mirror });
    try {
      const stack = await createStackProvider({ progress: silent }).up({
        file: await smallStack(),
        drill: `${drill}-up`,
        environment: {},
        progress: silent,
      });
      try {
        expect(stack.images).toEqual([
          { service: 'cache', reference: ourReferences[0], digest: pushedDigest, source: 'pulled' },
        ]);
        expect((await stack.services.get('cache')!.exec(['cat', '/unique'])).stdout).toBe(drill);
      } finally {
        await stack.down();
      }
    } finally {
      process.env = before;
    }
    await forget();
  });

  test('pull: what the registry does not have is an environment error', async () => {
    await expect(
      provideImages(runtime, new Map([['nginx', 'nginx:1.26.3']]), choose('pull', mirror)),
    ).rejects.toMatchObject({
      trouble: 'environment',
      message: `${mirror}/library/nginx:1.26.3 cannot be pulled`,
    });
  });
});

describe('the building way', () => {
  test.each([
    ['auto, no registry answers', 'auto', '127.0.0.1:9'],
    ['auto, the registry does not have it', 'auto', () => mirror],
    ['build, whatever the registry has', 'build', () => mirror],
  ])('%s', async (_, mode, registry) => {
    const image = mode === 'build' ? want : new Map([['toxiproxy', 'ghcr.io/shopify/toxiproxy:2.12.0']]);
    const [chosen] = (
      await provideImages(runtime, image, choose(mode, typeof registry === 'string' ? registry : registry()))
    ).values();
    expect(chosen).toMatchObject({
      source: 'built',
      reference: expect.stringMatching(/^muster\/(redis|toxiproxy):[0-9a-f]{16}$/),
    });
    expect(chosen!.digest).toBe(await digestOf(runtime, chosen!.reference));
  });

  test('a registry that never answers costs no more than the deadline', async () => {
    const silentServer = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silentServer, 'listening');
    try {
      const began = systemClock.nowMs();
      const choice = {
        ...choose('auto', `127.0.0.1:${(silentServer.address() as AddressInfo).port}`),
        registryDeadlineMs: 700,
      };
      expect((await provideImages(runtime, want, choice)).get('redis')!.source).toBe('built');
      expect(systemClock.nowMs() - began).toBeGreaterThanOrEqual(690);
      expect(systemClock.nowMs() - began).toBeLessThan(3_000);
    } finally {
      silentServer.close();
      silentServer.unref();
    }
  });

  test("a recipe is built once, again when it changes, and its failure is told in the build's own words", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-recipes-'));
    cpSync(join(recipesFolder, 'base-trixie'), join(folder, 'base-trixie'), { recursive: true });
    mkdirSync(join(folder, 'probe'));
    const recipe = (last: string): void =>
      writeFileSync(
        join(folder, 'probe/Dockerfile'),
        `ARG MUSTER_IMAGE_BASE_TRIXIE\nFROM \${MUSTER_IMAGE_BASE_TRIXIE}\nLABEL test=${drill}\n${last}\n`,
      );
    const made = async (): Promise<{ reference: string; building: number }> => {
      const said: string[] = [];
      const choice = imageChoice({ MUSTER_IMAGES: 'build' }, (line) => said.push(line), { folder });
      const { reference } = (await provideImages(runtime, new Map([['probe', null]]), choice)).get('probe')!;
      ourReferences.push(reference);
      return { reference, building: said.filter((line) => line.startsWith('building')).length };
    };
    recipe('RUN echo one');
    const first = await made();
    expect(first.building).toBe(1);
    expect(await made()).toEqual({ reference: first.reference, building: 0 });
    recipe('RUN echo two');
    expect((await made()).reference).not.toBe(first.reference);
    recipe('RUN echo three is broken && exit 3');
    await expect(made()).rejects.toMatchObject({
      trouble: 'environment',
      found: expect.stringContaining('three is broken'),
    });
  });

  test('a base that cannot be made leaves no image under its name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-recipes-'));
    mkdirSync(join(folder, 'base-broken'));
    writeFileSync(join(folder, 'base-broken/mmdebstrap'), '--variant=minbase\nno-such-suite\n');
    const choice = imageChoice({ MUSTER_IMAGES: 'build' }, silent, { folder });
    await expect(provideImages(runtime, new Map([['base-broken', null]]), choice)).rejects.toMatchObject({
      trouble: 'environment',
      found: expect.stringContaining('no-such-suite'),
    });
    const left = await runtime.container.dockerode.listImages({
      filters: { reference: ['muster/base-broken'] },
    });
    expect(left).toEqual([]);
  });
});
