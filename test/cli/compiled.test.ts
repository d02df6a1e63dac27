import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compiledFolder } from '../../cli/compiled.ts';
import { muster } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe('what Node made of our files', () => {
  test('lies in a folder of this user alone, which nobody else can fill', () => {
    const inHome = join(homedir(), '.cache', 'muster', 'compiled');
    expect(compiledFolder({})).toBe(inHome);
    expect(compiledFolder({ XDG_CACHE_HOME: '/of/mine' })).toBe('/of/mine/muster/compiled');
    expect(compiledFolder({ XDG_CACHE_HOME: 'here' }), 'a path that is not absolute').toBe(inHome);
    expect(compiledFolder({ NODE_COMPILE_CACHE: '/named', XDG_CACHE_HOME: '/of/mine' })).toBe('/named');
  });

  test('is kept for the next process', async () => {
    const caches = mkdtempSync(join(scratch, 'caches-'));
    const env = { XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: undefined };
    expect(await muster(['list', 'stores'], { env })).toMatchObject({ code: 0 });
    expect(filesIn(join(caches, 'muster', 'compiled')).length).toBeGreaterThan(20);
  });

  test('is done without where it cannot be kept', async () => {
    const file = join(mkdtempSync(join(scratch, 'caches-')), 'no-folder');
    writeFileSync(file, '');
    const env = { XDG_CACHE_HOME: file, NODE_COMPILE_CACHE: undefined };
    const [kept, not] = [await muster(['list', 'stores']), await muster(['list', 'stores'], { env })];
    expect(not).toEqual(kept);
    expect(existsSync(join(file, 'muster'))).toBe(false);
  });
});
