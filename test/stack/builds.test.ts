import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildLines, buildsOf, fullName } from '../../stack/builds.ts';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { assertContained } from '../../stack/laid.ts';
import { movedOf } from '../../stack/moved.ts';
import { nothingLaid, overrideOf } from '../../stack/override.ts';
import { overrideText } from '../../stack/override-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-builds-'));
const file = join(folder, 'compose.yml');
const over = join(folder, 'override.yml');
/** As an image bears them. */
const labels = { 'muster.image.drill': 'd1' };
const run = { file, project: 'muster-d1', labels: { 'muster.drill': 'd1' }, environment: {} };

interface Given {
  present?: string[];
  alone?: string[];
  /** Services that the drill leaves out. */
  without?: string[];
  /** Services whose image the engine has for another platform. */
  ofOther?: string[];
}

async function read(text: string): Promise<ComposeConfig> {
  writeFileSync(file, text);
  return composeConfig(run);
}

/** What Compose makes of a file with what a drill lays over it, by service. */
async function laid(text: string, { present = [], alone = [], without = [], ofOther = [] }: Given = {}) {
  const all = await read(text);
  const kept = Object.entries(all.services).filter(([name]) => !without.includes(name));
  const config = { ...all, services: Object.fromEntries(kept) };
  const naming = { ...run, present: new Set(present), alone };
  const others = new Map(ofOther.map((name) => [name, 'linux/riscv64']));
  const builds = buildsOf(config, all, { ...naming, ofOther: others });
  const override = overrideOf(config, run, movedOf(config, run), {}, { ...nothingLaid, builds });
  writeFileSync(over, overrideText(override));
  const merged = await composeConfig(run, { override: over });
  for (const name of without) delete merged.services[name];
  assertContained(merged, nothingLaid, noRules, run.project);
  return merged.services;
}
const one = (keys: string, build = 'context: .'): string =>
  `services:\n  app: { ${keys} build: { ${build} } }\n`;
const own = { image: 'muster-d1-app:latest', pull_policy: 'never' };

describe('what Compose builds', () => {
  const policies = ['', 'always', 'build', 'missing', 'never', 'if_not_present'];
  const images = ['', 'shop', 'registry.example/shop:prod'];
  const each = policies.flatMap((policy) => images.map((image) => ({ policy, image })));
  const text = each.map(({ policy, image }, i) => {
    const keys = [policy && `pull_policy: ${policy}`, image && `image: "${image}"`, 'build: .'];
    return `  app${i}: { ${keys.filter(Boolean).join(', ')} }\n`;
  });
  const all = `services:\n${text.join('')}`;

  test("has a name of the drill's own where the engine has none of it, whatever pull_policy says", async () => {
    const services = await laid(all);
    for (const i of each.keys())
      expect(services[`app${i}`]).toMatchObject({
        image: `muster-d1-app${i}:latest`,
        pull_policy: 'never',
        build: { labels },
      });
  });

  test('is neither built nor pulled where the engine has it, whatever pull_policy says', async () => {
    const services = await laid(all, { present: images });
    for (const [i, { image }] of each.entries()) {
      const app = services[`app${i}`];
      expect(app).toMatchObject({ image: image || `muster-d1-app${i}:latest`, pull_policy: 'never' });
      expect(Object.hasOwn(app!, 'build')).toBe(image === '');
    }
  });

  test('leaves nothing elsewhere: no tag, no cache, no label, no name of a base that moves', async () => {
    const more =
      'context: ., tags: ["shop:prod", "x"], cache_to: ["type=local,dest=/srv"], cache_from: ["shop:old"], pull: true, args: { A: b }, labels: [of=the-user]';
    const { app } = await laid(one('', more));
    expect(app).toMatchObject(own);
    expect(app!.build).toEqual({
      context: folder,
      dockerfile: 'Dockerfile',
      args: { A: 'b' },
      cache_from: ['shop:old'],
      labels,
    });
  });

  test('has a name that an image can have, and each service its own', async () => {
    const text = ['App', 'app', 'a.b', 'a..b', 'end-'].map((name) => `  ${name}: { build: . }\n`);
    const services = await laid(`services:\n${text.join('')}`);
    const images = Object.values(services).map(({ image }) => image!);
    expect(new Set(images).size).toBe(5);
    for (const image of images)
      expect(image).toMatch(/^muster-d1-[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*:latest$/);
  });
});

describe('a service that runs from what another one builds', () => {
  const text = `services:
  app: { image: shop, build: { context: ., dockerfile_inline: "RUN echo $$HOME", tags: [x] } }
  worker: { image: "docker.io/library/shop:latest", pull_policy: always }
  other: { image: y, pull_policy: always }
`;
  test('runs from the same image, and from no stranger', async () => {
    const { app, worker, other } = await laid(text);
    expect(app).toMatchObject(own);
    expect(worker).toMatchObject(own);
    expect(worker).not.toHaveProperty('build');
    expect(other).toMatchObject({ image: 'y', pull_policy: 'missing' });
  });

  test.each([
    ['that is not there', { without: ['app'] }],
    ['whose image is its own alone', { alone: ['app'] }],
    ['and wants an image of its own', { alone: ['worker'] }],
  ])('%s, is built as that one is', async (_, given) => {
    const { worker } = await laid(text, given);
    expect(worker).toMatchObject({ image: 'muster-d1-worker:latest', pull_policy: 'never' });
    expect(worker!.build).toEqual({
      context: folder,
      dockerfile_inline: 'RUN echo $$HOME',
      labels,
    });
  });

  test('also by a tag of its build, though the engine has its image', async () => {
    const tagged = text.replace('tags: [x]', 'tags: ["shop:next"]').replace('shop:latest', 'shop:next');
    expect((await laid(tagged))['worker']).toEqual(expect.objectContaining(own));
    const { app, worker } = await laid(tagged, { present: ['shop'] });
    expect([app!.image, app!.build]).toEqual(['shop', undefined]);
    expect(worker).toMatchObject({ image: 'muster-d1-worker:latest', build: { labels } });
  });

  test('uses the one that the engine has', async () => {
    const { worker } = await laid(text, { present: ['shop', 'docker.io/library/shop:latest', 'x'] });
    expect(worker).toMatchObject({ image: 'docker.io/library/shop:latest', pull_policy: 'never' });
  });
});

describe('a service of a platform', () => {
  const text =
    'services:\n' +
    '  db: { image: "mysql:8.0", platform: linux/x86_64, pull_policy: always }\n' +
    '  app: { image: shop, platform: linux/x86_64, build: . }\n' +
    '  worker: { image: shop, platform: linux/x86_64 }\n';
  const present = ['mysql:8.0', 'shop'];
  test('pulls and builds nothing that the engine has for it', async () => {
    const services = await laid(text, { present });
    for (const [name, image] of Object.entries({ db: 'mysql:8.0', app: 'shop', worker: 'shop' })) {
      expect(services[name]).toMatchObject({ image, pull_policy: 'never' });
      expect(services[name]).not.toHaveProperty('build');
    }
  });
  test('is built under a name of its own where the engine has its image for another', async () => {
    const { app, worker } = await laid(text, { present, ofOther: ['app', 'worker'] });
    expect(app).toMatchObject({ ...own, build: { labels } });
    expect(worker).toMatchObject(own);
  });
});

test.each([
  ['shop', 'shop:latest', true],
  ['shop', 'docker.io/library/shop', true],
  ['a/shop:1', 'index.docker.io/a/shop:1', true],
  ['localhost:5000/shop', 'localhost:5000/shop:latest', true],
  ['shop', 'shop:1', false],
  ['shop', 'a/shop', false],
  ['shop', 'localhost:5000/shop', false],
])('%s and %s are one image: %s', (a, b, same) => {
  expect(fullName(a) === fullName(b)).toBe(same);
});

test.each([
  ['image: "shop:prod",', 'context: .', 'a build of image shop:prod'],
  ['image: muster-d1-app,', 'context: ., tags: ["shop:prod"]', 'a build with tag shop:prod'],
  ['image: muster-d1-app,', 'context: ., cache_to: ["a/b"]', 'a build with cache_to a/b'],
  ['image: muster-d1-app,', 'context: ., pull: true', 'a build that pulls what it stands on'],
])('a merged file with %s build: { %s } is not started', async (keys, build, found) => {
  const merged = await read(`${one(keys, build)}networks: { default: { name: muster-d1_default } }\n`);
  const check = (): void => assertContained(merged, nothingLaid, noRules, run.project);
  expect(check).toThrow(expect.objectContaining({ found }));
});

describe('a build that is given the image of another service', () => {
  const text =
    'services:\n' +
    '  base: { image: shop-base, build: { context: . } }\n' +
    '  web: { image: shop-web, build: { context: ., additional_contexts: { base: "service:base" } } }\n' +
    '  app: { build: { context: ., additional_contexts: { web: "service:web" } } }\n';
  test('has that one built, though the engine has it', async () => {
    const services = await laid(text, { present: ['shop-base', 'shop-web'] });
    for (const name of ['base', 'web', 'app'])
      expect(services[name]).toMatchObject({ image: `muster-d1-${name}:latest`, build: { labels } });
  });
  test('uses what the engine has where nothing is built of it', async () => {
    const services = await laid(text.replace(/ {2}app: .*\n/, ''), { present: ['shop-base', 'shop-web'] });
    expect(services['base']).toMatchObject({ image: 'shop-base' });
    expect(services['base']).not.toHaveProperty('build');
  });
});

test('plan says what becomes of images that are built', async () => {
  const config = await read(`services:
  app: { image: "shop:prod", build: { context: ., tags: ["shop:a", "shop:b"], cache_to: ["type=inline"], pull: true, labels: [traefik.enable=true] } }
  worker: { image: "shop:prod" }
  still: { build: { context: ., network: none } }
  db: { image: redis }
`);
  expect(buildLines(config).sort()).toEqual([
    'RUN steps where app is built: they have a way out, which a drill closes for containers only',
    "cache_to of the build of app: left out, it writes to what is not the drill's",
    "image shop:prod of app: as it is where the engine has it, else built under a name of the drill's own instead",
    'image shop:prod of worker: as it is where the engine has it, else what app is built as',
    'labels of the build of app: left out, other programs act on such (traefik.enable)',
    'pull of the build of app: left out, it moves names of images',
    'tags of the build of app: left out (shop:a, shop:b)',
  ]);
});
