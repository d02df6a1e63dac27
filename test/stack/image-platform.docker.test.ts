import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import type { ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { imagesLookedAt } from '../../stack/image-looks.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { marked, removeMarked } from '../../stack/marked.ts';
import { labels } from '../../stack/owner.ts';
import { idOf } from '../../stack/own-image.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { dockerHost, getRuntime, type Runtime } from '../../stack/runtime.ts';
import { builtImage } from '../support/built-image.ts';
import { ownRegistry, pushed } from './own-registry.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const drill = uniqueDrill('platform');
const sleeping = 'init: true, command: [sleep, infinity]';
const own = process.arch === 'x64' ? ['amd64', 'x86_64'] : ['arm64', 'aarch64'];
const other = process.arch === 'x64' ? 'linux/arm64' : 'linux/amd64';

let runtime: Runtime;
/** The registry has another image of that name than the engine; of the second the engine has none. */
let moving: string;
let absent: string;
let before: string;
const stacks: Stack[] = [];

const fileOf = async (...services: string[]): Promise<string> => {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-platform-')), 'compose.yml');
  await writeFile(file, `services:\n${services.map((one) => `  ${one}\n`).join('')}`);
  return file;
};
async function up(file: string): Promise<Stack> {
  const named = uniqueDrill('platform');
  const stack = await createStackProvider({ progress }).up({ file, drill: named, environment: {}, progress });
  stacks.push(stack);
  return stack;
}
const has = async (image: string): Promise<boolean> =>
  runtime.container.dockerode
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );

beforeAll(async () => {
  runtime = await getRuntime();
  const choice = imageChoice(process.env, progress);
  const redis = (await provideImages(runtime, new Map([['redis', 'redis:8.0.2']]), choice)).get('redis')!;
  const registry = await ownRegistry(runtime, drill);
  // The name of the latest one: Compose pulls such anew, whatever `missing` says.
  [moving, absent] = [`${registry}/moving:latest`, `${registry}/absent:1`];
  for (const name of [moving, absent]) {
    await builtImage(`FROM ${redis.reference}\nLABEL of=registry\n`, name);
    await pushed(runtime, name);
  }
  await builtImage(`FROM ${redis.reference}\nLABEL of=user\n`, moving);
  before = (await idOf(runtime, moving))!;
}, 300_000);
afterAll(async () => {
  await Promise.all(stacks.map((stack) => stack.down()));
  for (const name of [moving, absent])
    await runtime.container.dockerode
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  await removeMarked(runtime, () => marked(runtime, [`${labels.drill}=${drill}`]));
}, 120_000);

test('an image that the engine has for that platform is run as it is, however that is written', {
  timeout: 300_000,
}, async () => {
  const platforms = ['linux', ...own, ...own.map((one) => `linux/${one}`)];
  const services = platforms.map((one, i) => `db${i}: { image: "${moving}", platform: ${one}, ${sleeping} }`);
  const stack = await up(await fileOf(...services));
  expect(await idOf(runtime, moving)).toBe(before);
  for (const service of stack.services.values()) expect((await service.deployment.image()).id).toBe(before);
  expect(stack.images.map(({ source }) => source)).toEqual(platforms.map(() => 'present'));
  await stack.down();
});

test('one that it has for another alone is refused: a pull would move its name', async () => {
  const file = await fileOf(`db: { image: "${moving}", platform: ${other}, ${sleeping} }`);
  await expect(up(file)).rejects.toMatchObject({
    trouble: 'environment',
    message: `image ${moving} of db is here for another platform`,
    at: { line: 2 },
    found: `linux/${own[0]}`,
  });
  expect(await idOf(runtime, moving)).toBe(before);
});

test('one that it does not have is pulled alone', { timeout: 120_000 }, async () => {
  const file = await fileOf(
    `db: { image: "${moving}", platform: linux/${own[1]}, ${sleeping} }`,
    `new: { image: "${absent}", platform: linux/${own[1]}, ${sleeping} }`,
  );
  const stack = await up(file);
  expect(Object.fromEntries(stack.images.map(({ service, source }) => [service, source]))).toEqual({
    db: 'present',
    new: 'pulled',
  });
  expect(await idOf(runtime, moving)).toBe(before);
  await stack.down();
  await runtime.container.dockerode.getImage(absent).remove();
});

// Newer versions of Compose know such hooks: what those make of a file is given here.
test.each([
  ['is pulled alone', {}, true],
  ['is named where nothing is to be pulled', { pull_policy: 'never' }, false],
])('the image of a hook beside one that is there %s', async (_, policy, pulled) => {
  const hook = { image: absent, command: ['true'] };
  const config = { services: { db: { image: moving, ...policy, pre_start: [hook] } } } as ComposeConfig;
  const file = await fileOf(`db: { image: "${moving}", pull_policy: never, ${sleeping} }`);
  const environment = { DOCKER_HOST: dockerHost(runtime) };
  const looked = imagesLookedAt({
    ...{ runtime, config, rules: noRules, own: {}, lines: [], builds: { own: {}, layers: {} } },
    run: { file, project: `muster-${drill}`, environment, labels: {} },
    place: () => ({ file, line: 1, column: 1 }),
    override: () => ({ services: {} }),
    check: () => undefined,
  });
  if (pulled) await looked;
  else
    await expect(looked).rejects.toMatchObject({
      message: `image ${absent} of db is not there`,
      hint: expect.stringContaining('docker pull'),
    });
  expect(await has(absent)).toBe(pulled);
  expect(await idOf(runtime, moving)).toBe(before);
  if (pulled) await runtime.container.dockerode.getImage(absent).remove();
  expect(await leftOf(drill)).toHaveLength(1);
});
