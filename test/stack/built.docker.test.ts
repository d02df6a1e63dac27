import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack, StackUpOptions } from '../../core/stack.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { removeLeftovers } from '../../stack/leftovers.ts';
import { imageLabels } from '../../stack/owner.ts';
import { idOf, makeOwnImage } from '../../stack/own-image.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { dockerHost, getRuntime, type Container, type Runtime } from '../../stack/runtime.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const provider = createStackProvider({ progress });
const mark = `built-${process.pid}`;
/** The user has the first two, and not the others. */
const kept = `${mark}-kept:prod`;
const tagged = `${mark}-tagged:prod`;
const named = `${mark}-named:1`;
const untagged = `${mark}-tagged:next`;

const sleeping = 'init: true, command: [sleep, infinity]';
const steps = (text = `RUN echo ${mark} >/mark`, from = '${MUSTER_IMAGE_REDIS:-redis:8.0.2}'): string =>
  `dockerfile_inline: "FROM ${from}\\n${text}\\n"`;
const whole = `services:
  plain: { build: { ${steps()}, labels: { of: the-user } }, ${sleeping} }
  tagged: { build: { ${steps()}, tags: ["${tagged}", "${untagged}"] }, ${sleeping} }
  kept: { image: "${kept}", pull_policy: build, build: { ${steps()} }, ${sleeping} }
  named: { image: "${named}", pull_policy: build, build: { ${steps()} }, ${sleeping} }
  shares: { image: "${named}", pull_policy: always, ${sleeping} }
`;

let runtime: Runtime;
let redis: string;
let theirs: Container;
let before: string[];
const stacks: Stack[] = [];

const fileOf = async (text: string): Promise<string> => {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-built-')), 'compose.yml');
  await writeFile(file, text);
  return file;
};
async function up(drill: string, file: string, more: Partial<StackUpOptions> = {}): Promise<Stack> {
  const stack = await provider.up({ file, drill, environment: {}, progress, ...more });
  stacks.push(stack);
  return stack;
}

/** Each name of the user's, with the ID that it stands for. */
async function namesNow(): Promise<string[]> {
  const images = await runtime.container.dockerode.listImages();
  return images
    .flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((name) => `${name} ${Id}`))
    .filter((name) => name.startsWith(mark))
    .sort();
}
async function labelsOf(name: string): Promise<Record<string, string> | null> {
  return runtime.container.dockerode
    .getImage(name)
    .inspect()
    .then(
      ({ Config }) => Config.Labels ?? {},
      () => null,
    );
}
const imageIn = async (stack: Stack, service: string): Promise<{ id: string; name: string }> =>
  stack.services.get(service)!.deployment.image();
const own = (stack: Stack, service: string): string => `${stack.project}-${service}:latest`;

beforeAll(async () => {
  runtime = await getRuntime();
  const choice = imageChoice(process.env, progress);
  redis = (await provideImages(runtime, new Map([['redis', 'redis:8.0.2']]), choice)).get('redis')!.reference;
  for (const tag of [kept, tagged]) await makeOwnImage(runtime, { from: redis, tag, labels: { of: tag } });
  before = await namesNow();
  const docker = runtime.container.dockerode;
  theirs = await docker.createContainer({ Image: tagged, Cmd: ['sleep', 'infinity'] });
  await theirs.start();
}, 300_000);
afterAll(async () => {
  await Promise.all(stacks.map((stack) => stack.down()));
  const names = (await namesNow()).map((name) => name.split(' ')[0]!);
  await theirs?.remove({ force: true, v: true });
  for (const name of names) await runtime.container.dockerode.getImage(name).remove({ force: true });
}, 120_000);

describe('two drills at once of what is built', () => {
  const drills = ['one', 'other'].map((name) => uniqueDrill(`${mark}-${name}`));
  let pair: Stack[];
  beforeAll(async () => {
    const file = await fileOf(whole);
    pair = await Promise.all(drills.map((drill) => up(drill, file)));
  }, 300_000);

  test('move and make no name of the user', async () => {
    expect(before).toHaveLength(2);
    expect(await namesNow()).toEqual(before);
  });

  test("have images of their own names and labels, and none of the user's labels", async () => {
    for (const [i, stack] of pair.entries()) {
      for (const service of ['plain', 'tagged', 'named'])
        expect([service, await labelsOf(own(stack, service))]).toEqual([
          service,
          expect.objectContaining({ [imageLabels.drill]: drills[i] }),
        ]);
      expect(await labelsOf(own(stack, 'plain'))).not.toHaveProperty('of');
      const images = (await leftOf(drills[i]!)).filter(({ kind }) => kind === 'image');
      expect(new Set(images.map(({ name }) => name))).toEqual(
        new Set(['plain', 'tagged', 'named'].map((service) => own(stack, service))),
      );
    }
  });

  test('run what is built, also under a name that is shared, and what the user has as it is', async () => {
    for (const stack of pair) {
      expect(await imageIn(stack, 'kept')).toEqual({ id: await idOf(runtime, kept), name: kept });
      expect(await imageIn(stack, 'shares')).toEqual(await imageIn(stack, 'named'));
      for (const service of ['plain', 'tagged', 'named', 'shares'])
        expect(await stack.services.get(service)!.exec(['cat', '/mark'])).toMatchObject({
          stdout: `${mark}\n`,
        });
      expect(Object.fromEntries(stack.images.map(({ service, source }) => [service, source]))).toEqual({
        plain: 'built',
        tagged: 'built',
        named: 'built',
        shares: 'built',
        kept: 'present',
      });
    }
  });

  test('and a script that has Compose build move and make none either', { timeout: 300_000 }, async () => {
    const [stack] = pair as [Stack];
    const files = await stack.composeFiles!();
    const args = ['compose', ...files.flatMap((file) => ['-f', file]), '-p', stack.project];
    const env = { ...process.env, MUSTER_IMAGE_REDIS: redis, DOCKER_HOST: dockerHost(runtime) };
    await promisify(execFile)('docker', [...args, 'build', '--no-cache', '--build-arg', 'A=b'], { env });
    await promisify(execFile)('docker', [...args, 'up', '-d', '--build', '--no-deps', 'kept', 'shares'], {
      env,
    });
    expect(await namesNow()).toEqual(before);
  });

  test('take theirs along, by down and by gc, and nothing of each other or of the user', async () => {
    await pair[0]!.down();
    expect(await leftOf(drills[0]!)).toEqual([]);
    const app = pair[1]!.services.get('shares')!;
    await app.stop(0);
    await app.start();
    expect(await app.exec(['cat', '/mark'])).toMatchObject({ code: 0, stdout: `${mark}\n` });
    await removeLeftovers({ drills: [drills[1]!] });
    expect(await leftOf(drills[1]!)).toEqual([]);
    expect(await namesNow()).toEqual(before);
    expect((await theirs.inspect()).State.Running).toBe(true);
  });
});

describe("software of a service that is built for the drill is the drill's own", () => {
  test('it is lost and deployed again, though another service has its image', {
    timeout: 300_000,
  }, async () => {
    const stack = await up(uniqueDrill(`${mark}-own`), await fileOf(whole), {
      ownSoftware: ['named', 'kept'],
      services: ['named', 'shares', 'kept'],
    });
    const { deployment } = stack.services.get('named')!;
    const deployed = await deployment.image();
    expect(deployed.name).toBe(own(stack, 'named'));
    expect((await imageIn(stack, 'shares')).id).not.toBe(deployed.id);
    expect((await imageIn(stack, 'kept')).name).toContain('muster-drill/kept');
    const chunks: Buffer[] = [];
    for await (const chunk of await deployment.save()) chunks.push(chunk as Buffer);
    expect(await deployment.remove()).toEqual({ imageToo: true });
    expect(await deployment.has(deployed.id)).toBe(false);
    const { Readable } = await import('node:stream');
    await deployment.load({ ...deployed, open: () => Readable.from(chunks) });
    await deployment.deploy(deployed);
    expect(await imageIn(stack, 'named')).toEqual(deployed);
    expect(await namesNow()).toEqual(before);
    await stack.down();
    expect(await namesNow()).toEqual(before);
  });
});

describe('where another service builds the image', () => {
  const nobody = `services:
  maker: { image: "${named}", build: { ${steps()} }, profiles: [build], ${sleeping} }
  shares: { image: "${named}", ${sleeping} }
`;
  test('one that runs without it is built as that one is, and nothing is pulled', {
    timeout: 300_000,
  }, async () => {
    const stack = await up(uniqueDrill(`${mark}-alone`), await fileOf(nobody));
    expect([...stack.services.keys()]).toEqual(['shares']);
    expect(await stack.services.get('shares')!.exec(['cat', '/mark'])).toMatchObject({
      stdout: `${mark}\n`,
    });
    expect((await imageIn(stack, 'shares')).name).toBe(own(stack, 'shares'));
    await stack.down();
    expect(await namesNow()).toEqual(before);
  });

  test.each([
    ['FROM', steps('RUN true', named)],
    [
      'an argument',
      `${steps('RUN true', '$${BASE}').replace('FROM', 'ARG BASE\\nFROM')}, args: { BASE: "${named}" }`,
    ],
    ['COPY --from', steps(`COPY --from=${named} /mark /mark`)],
  ])('a build that stands on it by %s is refused: its name is not there', async (_, build) => {
    const text = `${nobody}  app: { build: { ${build} }, ${sleeping} }\n`;
    const drill = uniqueDrill(`${mark}-from`);
    await expect(up(drill, await fileOf(text))).rejects.toThrow(
      `app is built from ${named}, which maker builds`,
    );
    expect(await leftOf(drill)).toEqual([]);
    expect(await namesNow()).toEqual(before);
  });
});
