import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { directoryIn, watchDirectory } from '../../../drivers/postgres/existing/directory.ts';
import { tarOf } from '../../support/existing-rig.ts';
import { directory, small } from './archives.ts';

type Files = Record<string, Buffer>;

async function looked(files: Files, inChunks = 1_000): Promise<ReturnType<typeof watchDirectory>> {
  const tar = await tarOf(files);
  const watch = watchDirectory(() => undefined);
  const chunks = Array.from({ length: Math.ceil(tar.length / inChunks) }, (_, i) =>
    tar.subarray(i * inChunks, (i + 1) * inChunks),
  );
  const passed: Buffer[] = [];
  await pipeline(Readable.from(chunks), watch.through, async (source) => {
    for await (const chunk of source) passed.push(chunk as Buffer);
  });
  expect(Buffer.concat(passed).equals(tar), 'passed on as it was').toBe(true);
  return watch;
}
const altered = (change: (files: Files) => void): Files => {
  const files = directory(small);
  change(files);
  return files;
};

describe('a directory that pg_dump wrote', () => {
  it.each([1, 7, 512, 100_000])(
    'is whole with everything that its list names (by %d bytes)',
    async (size) => {
      const watch = await looked(directory(small), size);
      expect(watch.missing()).toBeNull();
      expect(watch.isWhole()).toBe(true);
      expect(watch.head()).toMatchObject({ format: 'directory', database: 'app', serverVersion: '17.6' });
    },
  );
  it('is whole in whichever order its files are packed, below a folder, and in nothing', async () => {
    const files = Object.entries(directory(small)).reverse();
    const packed = Object.fromEntries(files.map(([name, bytes]) => [`backup/shop/${name}`, bytes]));
    expect((await looked(packed)).missing()).toBeNull();
    const plain = Object.fromEntries(
      files.map(([name, bytes]) =>
        name.endsWith('.gz') ? [name.slice(0, -3), gunzipSync(bytes)] : [name, bytes],
      ),
    );
    const watch = await looked(plain);
    expect(watch.missing()).toBeNull();
    // Nothing marks the end of a large object.
    expect(watch.isWhole()).toBe(false);
  });

  it.each<[string, (files: Files) => void, RegExp]>([
    [
      'a file of a table is gone',
      (files) => void delete files['2.dat.gz'],
      /2\.dat of TABLE DATA public\.things is missing/,
    ],
    [
      'the rows of a table end between two of them',
      (files) => void (files['2.dat.gz'] = gzipSync('1\tone\n')),
      /2\.dat\.gz of TABLE DATA public\.things ends with .*in the middle of its rows/,
    ],
    [
      'what a table is packed in is cut off',
      (files) => void (files['2.dat.gz'] = files['2.dat.gz']!.subarray(0, -6)),
      /2\.dat\.gz of TABLE DATA public\.things: its gz is cut off or damaged/,
    ],
    [
      'what a table is packed in is damaged',
      (files) => void files['2.dat.gz']!.fill(0x41, 12, 16),
      /2\.dat\.gz of .*: its gz is cut off or damaged/,
    ],
    [
      'the list of large objects is gone',
      (files) => void delete files['blobs_4.toc'],
      /blobs_4\.toc of BLOBS public\.BLOBS is missing/,
    ],
    [
      'a large object is gone',
      (files) => void delete files['blob_16400.dat.gz'],
      /blob_16400\.dat of BLOBS .*is missing/,
    ],
    [
      'a large object is cut off',
      (files) => void (files['blob_16400.dat.gz'] = files['blob_16400.dat.gz']!.subarray(0, -4)),
      /blob_16400\.dat\.gz of BLOBS .*: its gz is cut off/,
    ],
  ])('is not where %s', async (_, change, said) => {
    expect((await looked(altered(change))).missing()).toMatch(said);
  });
  it.each<[string, (files: Files) => void, RegExp]>([
    ['is gone', (files) => void delete files['toc.dat'], /cut off/],
    ['is cut off', (files) => void (files['toc.dat'] = files['toc.dat']!.subarray(0, -40)), /cut off/],
    ['is of an archive', (files) => void files['toc.dat']!.writeUInt8(4, 10), /no archive of pg_dump/],
  ])('is not where its list %s', async (_, change, said) => {
    const watch = await looked(altered(change));
    expect(() => watch.missing()).toThrow(said);
  });
  it('is not where a file lies beside it in another folder only', async () => {
    const { '2.dat.gz': rows, ...rest } = directory(small);
    const beside = Object.entries(rest).map(([name, bytes]) => [`new/${name}`, bytes] as const);
    const watch = await looked({ ...Object.fromEntries(beside), 'old/2.dat.gz': rows! });
    expect(watch.missing()).toMatch(/2\.dat of TABLE DATA public\.things is missing/);
  });
  it('is not where there are two, of which nobody knows which one is loaded', async () => {
    const cut = { ...directory(small), '2.dat.gz': gzipSync('1\tone\n') };
    const into = (folder: string, files: Files): Files =>
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
    const watch = await looked({ ...into('new', cut), ...into('old', directory(small)) });
    expect(() => watch.missing()).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('more than one dump'),
        found: 'new/toc.dat, old/toc.dat',
      }),
    );
  });
  it('is not where the tar of it is damaged', async () => {
    const tar = await tarOf(directory(small));
    tar.fill(0x41, 512, 1_024 * 4);
    const watch = watchDirectory(() => undefined);
    await pipeline(Readable.from([tar]), watch.through, async (source) => {
      for await (const _ of source);
    });
    expect(() => expect(watch.missing()).toBeNull()).toThrow();
  });

  it('is told from a data folder by its first files', async () => {
    const of = async (files: Record<string, string | Buffer>) => directoryIn(await tarOf(files));
    expect(await of(directory(small))).toMatchObject({ list: expect.any(Buffer) });
    expect(await of({ 'd/12.dat.gz': 'x', 'd/toc.dat': 'PGDMP' })).toEqual({ list: Buffer.from('PGDMP') });
    expect(await of({ PG_VERSION: '17\n', 'global/pg_control': 'x' })).toBeNull();
    expect(await of({ 'data/base/1/112': 'x' })).toBeNull();
    expect(directoryIn(Buffer.alloc(1_024))).toBeNull();
  });
});
