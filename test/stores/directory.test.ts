import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MusterError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import { directory } from '../../stores/directory.ts';
import { storeConformance } from '../suites/store-conformance.ts';
import { inMemory } from '../support/in-memory.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(inMemory, 'muster-directory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nothing = (): never => {
  throw new Error('a directory needs no service and no secret');
};
const open = (name: string, path?: string): Promise<Store> =>
  directory.open({
    name,
    config: path === undefined ? {} : { path },
    folder,
    service: nothing,
    secret: nothing,
  });

describe('as every store', () => storeConformance(() => open('conformance')));

describe('as a folder', () => {
  test("lies in the drill's folder under its name, or where the strategy says", async () => {
    await (await open('mine')).write('key', Buffer.from('x'));
    await (await open('yours', join(folder, 'elsewhere'))).write('key', Buffer.from('x'));
    expect((await stat(join(folder, 'mine/key'))).isFile()).toBe(true);
    expect((await stat(join(folder, 'elsewhere/key'))).isFile()).toBe(true);
  });

  test('is for its owner only', async () => {
    await (await open('private')).write('a/key', Buffer.from('x'));
    expect((await stat(join(folder, 'private/a/key'))).mode & 0o077).toBe(0);
    expect((await stat(join(folder, 'private/a'))).mode & 0o077).toBe(0);
  });

  test('leaves no unfinished file behind a body that fails', async () => {
    const store = await open('tidy');
    const body = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('broke');
      })(),
    );
    await expect(store.write('key', body)).rejects.toThrow('broke');
    expect(await readdir(join(folder, 'tidy/.partial'))).toEqual([]);
  });

  test('does not list, read or write unfinished files', async () => {
    const store = await open('unfinished');
    await writeFile(join(folder, 'unfinished/.partial/half'), 'half');
    expect(await store.list('')).toEqual([]);
    await expect(store.read('.partial/half')).rejects.toThrow(MusterError);
    await expect(store.write('.partial/half', Buffer.from('x'))).rejects.toThrow(MusterError);
  });

  test('of what is unfinished, what the dead left goes: never what the living write, what is prepared, or lies elsewhere', async () => {
    const [dead, alive] = ['7:1:gone', '8:1:here'];
    const owner = (name: string) => ({ owner: name, isGone: (one: string) => one === dead });
    const opened = (name: string): Promise<Store> =>
      directory.open({
        name: 'owned',
        config: {},
        folder,
        service: nothing,
        secret: nothing,
        owner: owner(name),
      });
    const point = (id: string, file: string): string => `points/base/snapshot/${id}/${file}`;
    const [theirs, ours] = [await opened(dead), await opened(alive)];
    await theirs.write(point('half', 'files/a.zst'), Buffer.from('half'));
    await theirs.write(point('prepared', 'files/a.zst'), Buffer.from('whole'));
    await theirs.write(point('prepared', 'point.prepared'), Buffer.from('{}'));
    await theirs.write(point('whole', 'files/a.zst'), Buffer.from('whole'));
    await theirs.write(point('whole', 'point.prepared'), Buffer.from('{}'));
    await theirs.write(point('whole', 'point.json'), Buffer.from('{}'));
    await ours.write(point('under-way', 'files/a.zst'), Buffer.from('half'));
    await ours.write(point('abandoned', 'files/a.zst'), Buffer.from('half'));
    await ours.remove(point('abandoned', 'files/a.zst'));
    const partial = join(folder, 'owned/.partial');
    const unowned = '00000000-0000-4000-8000-000000000000';
    await writeFile(join(partial, unowned), 'of a version before');
    await writeFile(join(partial, `${unowned}@7~1~gone`), 'half');
    await writeFile(join(partial, `${unowned}@8~1~here`), 'half');
    const outside = await mkdtemp(join(folder, 'outside-'));
    await writeFile(join(outside, 'precious'), '');
    await symlink(outside, join(folder, 'owned/points/base/snapshot/link'));
    const claims: [string, string][] = [
      ['a', 'points/base/snapshot/link/'],
      ['b', `points/../../${basename(outside)}/`],
      ['c', 'points/base/snapshot/'],
      ['d', `../${basename(outside)}/`],
      ['e', ''],
    ];
    for (const [digit, text] of claims)
      await writeFile(join(partial, `${digit.repeat(32)}.point@7~1~gone`), text);

    const keys = (await (await opened('9:1:next')).list('')).map(({ key }) => key);
    expect(keys).toEqual(
      [
        point('prepared', 'files/a.zst'),
        point('prepared', 'point.prepared'),
        point('under-way', 'files/a.zst'),
        point('whole', 'files/a.zst'),
        point('whole', 'point.json'),
        point('whole', 'point.prepared'),
      ].toSorted(),
    );
    expect((await readdir(partial)).map((name) => name.replace(/^[0-9a-f]{32}/, '')).toSorted()).toEqual(
      ['.point@8~1~here', unowned, `${unowned}@8~1~here`].toSorted(),
    );
    expect(await readdir(outside)).toEqual(['precious']);
  });

  test('follows no link out of the store', async () => {
    const store = await open('linked');
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'linked/way-out'));
    await symlink(join(outside, 'secret'), join(folder, 'linked/file'));
    await expect(store.read('way-out/secret')).rejects.toThrow(/leads elsewhere/);
    await expect(store.read('file')).rejects.toThrow(/leads elsewhere/);
    await expect(store.write('way-out/new/key', Buffer.from('x'))).rejects.toThrow(/leads elsewhere/);
    await expect(store.remove('way-out/secret')).rejects.toThrow(/leads elsewhere/);
    await store.remove('file');
    expect(await store.list('')).toEqual([]);
    expect(await readdir(outside)).toEqual(['secret']);
  });

  test('waits for no pipe that lies where an object should, and reads no folder', async () => {
    const store = await open('piped');
    execFileSync('mkfifo', [join(folder, 'piped/pipe')]);
    await mkdir(join(folder, 'piped/folder'));
    for (const key of ['pipe', 'folder'])
      await expect(store.read(key), key).rejects.toMatchObject({
        name: 'MusterError',
        found: expect.stringMatching(/is no file/) as string,
      });
    expect(await store.list('')).toEqual([]);
  });

  test('says so when its folder cannot be used', async () => {
    await writeFile(join(folder, 'a-file'), '');
    await expect(open('broken', join(folder, 'a-file'))).rejects.toThrow(/cannot use its folder/);
  });
});
