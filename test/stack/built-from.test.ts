import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { assertContextsAreOwn, assertNotBuiltFromBuilt } from '../../stack/built-from.ts';
import { buildsOf } from '../../stack/builds.ts';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-built-from-'));
const file = join(folder, 'compose.yml');
const run = { file, project: 'muster-d1', labels: { 'muster.drill': 'd1' }, environment: {} };

async function read(text: string): Promise<ComposeConfig> {
  writeFileSync(file, text);
  return composeConfig(run);
}

describe('a build that is given the image of a service which the drill leaves out', () => {
  const place = () => ({ file, line: 1, column: 1 });
  const base = '  base: { image: shop-base, build: { context: . } }\n';
  const given = 'build: { context: ., additional_contexts: { base: "service:base" } }';
  const judge = async (text: string, has: readonly string[], present: string[]): Promise<void> => {
    const all = await read(`services:\n${text}`);
    const services = Object.fromEntries(has.map((name) => [name, all.services[name]!]));
    const builds = buildsOf({ ...all, services }, all, { ...run, present: new Set(present), alone: [] });
    assertContextsAreOwn(all, builds, place);
  };
  test.each<[string, string, string[]]>([
    ['as its profile is off', `${base}  web: { ${given} }\n`, ['web']],
    [
      'and another service has the build',
      `${base}  maker: { image: shop-web, ${given} }\n  web: { image: shop-web }\n`,
      ['base', 'web'],
    ],
  ])('is refused, with what helps: %s', async (_, text, has) => {
    await expect(judge(text, has, ['shop-base'])).rejects.toMatchObject({
      message: 'web is built with base, which this drill leaves out',
      hint: expect.stringContaining('docker compose build'),
    });
  });
  test('is none where the drill has it, or the engine has what would be built', async () => {
    const text = `${base}  web: { image: shop-web, ${given} }\n`;
    await judge(text, ['base', 'web'], ['shop-base']);
    await judge(text, ['web'], ['shop-web']);
  });
});

test('an argument of a build is an image where its Dockerfile makes it one, and else any word', async () => {
  const all = await read(
    'services:\n  api: { image: api, build: . }\n' +
      '  web: { build: { dockerfile_inline: "FROM redis", args: { API_HOST: api } } }\n' +
      '  sub: { build: { dockerfile_inline: "ARG B\\nFROM $${B}", args: { B: api } } }\n',
  );
  const judged = (name: string): Promise<void> => {
    const config = { ...all, services: { [name]: all.services[name]! } };
    const builds = buildsOf(config, all, { ...run, present: new Set<string>(), alone: [] });
    return assertNotBuiltFromBuilt(all, builds, new Set(), () => ({ file, line: 1, column: 1 }));
  };
  await judged('web');
  await expect(judged('sub')).rejects.toMatchObject({ message: 'sub is built from api, which api builds' });
});

describe('a build from the image that another one builds', () => {
  const place = () => ({ file, line: 1, column: 1 });
  const inline = (text: string): string => `dockerfile_inline: "${text}"`;
  const bad = [
    inline('FROM shop-base'),
    inline('FROM --platform=linux/amd64 docker.io/library/shop-base:latest AS x'),
    inline('ARG OF=base\\nFROM shop-$${OF}'),
    inline('FROM $${BASE:-shop-base}'),
    inline('FROM redis AS a\\nFROM shop-tag'),
    inline('FROM scratch\\nCOPY --from=shop-base / /'),
    inline('FROM scratch\\nRUN --mount=type=bind,from=shop-base,target=/b true'),
    'context: ., dockerfile: Dockerfile.app',
    'dockerfile_inline: "ARG B\\nARG FULL=$${B}\\nFROM $${FULL}", args: { B: shop-base }',
    inline('ARG A=1 B=shop-base\\nFROM $${B}'),
    inline('ARG TAG=latest\\nARG I=shop-base:$${TAG}\\nFROM $$I'),
    inline('FROM $${NONE:-$${OTHER:-shop-base}}'),
    inline('FROM \\\\\\n# on two lines\\n shop-base'),
    inline('FROM shop-base AS shop-base'),
    inline('FROM redis\\nRUN <<E\\nFROM redis AS shop-base\\nE\\nFROM shop-base'),
    inline('FROM scratch\\nONBUILD COPY --from=shop-base / /'),
    'context: ., args: { B: shop-base }',
    'context: ., additional_contexts: { b: "docker-image://shop-base" }',
  ];
  const unread = [
    inline('ARG B=docker.io/shop-base\\nFROM $${B#docker.io/}'),
    inline('ARG B=x\\nARG C=$${B%x}shop-base\\nFROM $$C'),
    inline('# syntax=a/stranger\\nBUILD shop-base'),
  ];
  /** One that runs from what such a one builds. */
  const shares = 'app-of-another';
  const good = [
    inline('FROM redis'),
    inline('FROM redis AS shop-base\\nFROM shop-base'),
    inline('FROM a/shop-base'),
    inline('FROM shop-base:2'),
    inline('# FROM shop-base'),
    inline('FROM redis\\nRUN <<E\\nFROM shop-base\\nE'),
    inline('FROM redis AS to-$${TARGETOS}\\nFROM to-$${TARGETOS}'),
    inline('FROM redis AS to-linux\\nFROM to-$${TARGETOS} AS x\\nCOPY --from=0 / /'),
    'dockerfile_inline: "FROM shop-base", additional_contexts: { shop-base: "service:base" }',
  ];
  let all: ComposeConfig;
  beforeAll(async () => {
    writeFileSync(join(folder, 'Dockerfile.app'), 'from SHOP\nFROM shop-base\n');
    const apps = [...bad, ...unread, ...good].map((build, i) => `  app${i}: { build: { ${build} } }\n`);
    const more = `  first: { image: first, build: { ${bad[0]} } }\n  ${shares}: { image: first }\n`;
    const base = '  base: { image: shop-base, build: { context: ., tags: [shop-tag] } }\n';
    all = await read(`services:\n${base}${more}${apps.join('')}`);
  });
  const judged = async (build: string, present: string[] = []): Promise<void> => {
    const name = build === shares ? shares : `app${[...bad, ...unread, ...good].indexOf(build)}`;
    const config = { ...all, services: { [name]: all.services[name]! } };
    const builds = buildsOf(config, all, { ...run, present: new Set(present), alone: [] });
    await assertNotBuiltFromBuilt(all, builds, new Set(present), place);
  };

  test.each([...bad, shares])('%s is refused, with what helps', async (build) => {
    await expect(judged(build)).rejects.toMatchObject({
      message: expect.stringMatching(/^app\S+ is built from shop-(base|tag), which base builds$/),
      hint: 'have it made first: docker compose build base',
      trouble: 'environment',
    });
    await expect(judged(build, ['shop-base', 'shop-tag'])).resolves.toBeUndefined();
  });

  test.each(unread)('%s, of which nobody knows what it names, is refused', async (build) => {
    await expect(judged(build)).rejects.toMatchObject({
      message: expect.stringMatching(/^app\S+ may be built from what another service builds: /),
      found: 'no image shop-base of base in the engine, and a drill makes none of that name',
      hint: 'have it made first: docker compose build base',
    });
    await expect(judged(build, ['shop-base', 'shop-tag', 'first'])).resolves.toBeUndefined();
  });

  test.each(good)('%s is none', async (build) => {
    await expect(judged(build)).resolves.toBeUndefined();
  });
});
