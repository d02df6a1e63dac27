import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { imageChoice, imagesWanted } from '../../stack/images.ts';
import { nameOf, parentsOf, recipeNames, recipesFolder, tagOf, variableOf } from '../../stack/recipes.ts';
import { inMirror } from '../../stack/registry.ts';

const silent = (): void => undefined;
const recipes = { folder: recipesFolder, appEntry: '', progress: silent };
const composeText = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');

describe('the images of the reference stack', () => {
  test('are pinned by tag, and each has a recipe', async () => {
    const wanted = imagesWanted(composeText);
    expect(wanted.size).toBe(6);
    const known = await recipeNames(recipesFolder);
    for (const [name, official] of wanted) {
      expect(known).toContain(name);
      if (name !== 'app') expect(official).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
    }
  });

  test('every parent that a recipe names has a recipe too', async () => {
    const known = await recipeNames(recipesFolder);
    for (const name of known)
      for (const parent of await parentsOf(name, recipes))
        expect(known, `${name} names ${parent.name}`).toContain(parent.name);
  });

  test.each([
    ['${MUSTER_IMAGE_REDIS:-redis:8.0.2}', [['redis', 'redis:8.0.2']]],
    ['${MUSTER_IMAGE_BASE_SID-debian:sid}', [['base-sid', 'debian:sid']]],
    ['${MUSTER_IMAGE_APP:-muster/app}', [['app', null]]],
    ['redis:8.0.2', []],
    ['${REDIS_IMAGE:-redis:8.0.2}', []],
  ])('%s', (image, expected) => {
    expect([...imagesWanted(`services: { a: { image: "${image}" } }`)]).toEqual(expected);
  });

  test("variables and names are each other's inverse", async () => {
    for (const name of await recipeNames(recipesFolder)) expect(nameOf(variableOf(name))).toBe(name);
  });
});

describe("a recipe's tag", () => {
  test('stays while nothing changes, and changes with a file, or with what it stands on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-recipes-'));
    cpSync(recipesFolder, folder, { recursive: true });
    const copy = { ...recipes, folder };
    const on = (base: string) => new Map([['base-trixie', base]]);
    const tag = await tagOf('redis', on('a'), copy);
    expect(await tagOf('redis', on('a'), recipes)).toBe(tag);
    expect(await tagOf('redis', on('b'), copy)).not.toBe(tag);
    writeFileSync(join(folder, 'redis/docker-entrypoint.sh'), '#!/bin/sh\nexec "$@"\n');
    expect(await tagOf('redis', on('a'), copy)).not.toBe(tag);
  });

  test('changes with the application', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-app-'));
    const app = { ...recipes, appEntry: join(folder, 'main.ts') };
    const tags = new Set<string>();
    for (const text of ['console.log(1)', 'console.log(2)', 'console.log(1)']) {
      writeFileSync(app.appEntry, text);
      tags.add(await tagOf('app', new Map(), app));
    }
    expect(tags.size).toBe(2);
  });
});

describe('where images come from', () => {
  test.each([
    ['redis:8.0.2', 'mirror:5000/library/redis:8.0.2'],
    ['docker.io/library/redis:8.0.2', 'mirror:5000/library/redis:8.0.2'],
    ['docker.io/redis:8.0.2', 'mirror:5000/library/redis:8.0.2'],
    ['ghcr.io/shopify/toxiproxy:2.12.0', 'mirror:5000/shopify/toxiproxy:2.12.0'],
    ['bitnami/redis:8', 'mirror:5000/bitnami/redis:8'],
    ['localhost/own:1', 'mirror:5000/library/own:1'],
  ])('%s in a mirror', (official, expected) => {
    expect(inMirror(official, 'mirror:5000')).toBe(expected);
    expect(inMirror(official, null)).toBe(official);
  });

  test('MUSTER_IMAGES takes three values', () => {
    expect(imageChoice({}, silent).mode).toBe('auto');
    expect(imageChoice({ MUSTER_IMAGES: 'pull', MUSTER_REGISTRY: 'localhost:5000' }, silent)).toMatchObject({
      mode: 'pull',
      mirror: 'localhost:5000',
    });
    expect(() => imageChoice({ MUSTER_IMAGES: 'always' }, silent)).toThrow(
      expect.objectContaining({ trouble: 'input', found: 'always', expected: 'auto, pull or build' }),
    );
  });
});
