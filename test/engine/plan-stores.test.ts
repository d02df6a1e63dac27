import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { inStrategy, plan, refusal } from './plan-files.ts';
import { onePlace, twoPlaces } from './store-places.ts';

const folder = mkdtempSync(join(scratch, 'places-'));
mkdirSync(join(folder, 'b'));
symlinkSync(join(folder, 'b'), join(folder, 'link'));
/** The strategy with these stores; `OWN` is the folder that it lies in. */
const withStores = (stores: string, own = '') => ({
  strategy: (text: string) =>
    text.replace(/^stores:[^]*/m, stores.replaceAll('FOLDER', folder).replaceAll('OWN', own)),
});

describe('two stores that are one place are refused', () => {
  it.each(onePlace)('$what', async ({ stores }) => {
    const own = mkdtempSync(join(scratch, 'own-'));
    const said = await refusal({ ...withStores(stores, own), own });
    expect(said).toMatch(
      /^strategy\.yaml:\d+:3 stores? "(here|there)" (and|lies inside).* \| a place of its own/,
    );
    expect(said).toMatch(/store "here" at \S+strategy\.yaml:\d+/);
  });
});

describe('two stores in two places are taken', () => {
  it.each(twoPlaces)('$what', async ({ stores }) => {
    expect((await plan(withStores(stores))).stores.map(({ name }) => name)).toEqual(['here', 'there']);
  });
});

describe('the path of a store', () => {
  it('is from the folder of the strategy', async () => {
    const own = mkdtempSync(join(scratch, 'own-'));
    const { stores } = await plan({
      ...inStrategy('there: { kind: directory }', 'there: { kind: directory, path: ../kept }'),
      own,
    });
    expect(stores.map(({ config }) => config)).toEqual([{}, { path: join(own, '../kept') }]);
    expect(existsSync(join(own, '../kept'))).toBe(false);
  });

  it.each(['~/backups', '~', '$HOME/backups', '${HOME}/backups'])(
    '%s is refused: nobody replaces it',
    async (path) => {
      expect(
        await refusal(
          inStrategy('there: { kind: directory }', () => `there: { kind: directory, path: '${path}' }`),
        ),
      ).toMatch(/^strategy\.yaml:\d+:\d+ .*path.* \| a path as it is: ~ and variables are not replaced/);
    },
  );

  it.each(['back~ups', 'a$', '/srv/b'])('%s is taken', async (path) => {
    const { stores } = await plan(
      inStrategy('there: { kind: directory }', () => `there: { kind: directory, path: '${path}' }`),
    );
    expect(stores[1]!.config).toMatchObject({ path: expect.stringContaining(path) as string });
  });
});
