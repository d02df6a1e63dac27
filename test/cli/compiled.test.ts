import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compiledFolder, cacheFolder } from '../../cli/compiled.ts';
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

  test('lies nowhere where this user has no home, and never below the working directory', async () => {
    const none = (): string => {
      throw new Error('ENOENT');
    };
    expect(compiledFolder({}, none)).toBeNull();
    expect(compiledFolder({}, () => '')).toBeNull();
    const cwd = mkdtempSync(join(scratch, 'anywhere-'));
    const env = { HOME: '', XDG_CACHE_HOME: undefined, NODE_COMPILE_CACHE: undefined };
    expect(await muster(['list', 'stores'], { cwd, env })).toMatchObject({ code: 0 });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('is neither kept nor taken where others could put something into it, for it would be run', async () => {
    const caches = mkdtempSync(join(scratch, 'caches-'));
    const folder = join(caches, 'muster', 'compiled');
    const keeps = (): boolean => cacheFolder(folder) !== undefined;
    expect(keeps(), 'a folder of this user alone').toBe(true);
    for (const open of [caches, join(caches, 'muster'), folder]) {
      chmodSync(open, 0o777);
      expect(keeps(), `all may write to ${open}`).toBe(false);
      chmodSync(open, 0o755);
      expect(keeps()).toBe(true);
    }
    chmodSync(folder, 0o1777);
    expect(keeps(), 'others may leave files of theirs beside ours').toBe(false);
    const env = { XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: undefined };
    expect(await muster(['list', 'stores'], { env })).toMatchObject({ code: 0 });
    expect(filesIn(folder)).toEqual([]);
  });

  test('a link that leads to where others write is no way around', () => {
    const caches = mkdtempSync(join(scratch, 'caches-'));
    const open = mkdtempSync(join(scratch, 'open-'));
    mkdirSync(join(open, 'compiled'));
    chmodSync(open, 0o777);
    symlinkSync(open, join(caches, 'muster'));
    expect(cacheFolder(join(caches, 'muster', 'compiled'))).toBeUndefined();
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
