import { expect, test } from 'vitest';
import { watchArchive } from '../../../drivers/postgres/archive.ts';
import { archive, small } from './archives.ts';

const whole = archive(small);

function missing(bytes: Buffer, chunkBytes = bytes.length): string | null {
  const watch = watchArchive();
  for (let at = 0; at < bytes.length; at += chunkBytes) watch.see(bytes.subarray(at, at + chunkBytes));
  return watch.missing();
}

test('a whole archive is whole, however it comes', () => {
  for (const chunkBytes of [whole.length, 1, 7, 64]) expect(missing(whole, chunkBytes)).toBeNull();
  const watch = watchArchive();
  watch.see(whole);
  expect(watch.head()).toMatchObject({ version: '1.16.0', database: 'app', serverVersion: '17.6' });
  expect(watch.head()!.entries.map(({ kind, hasData }) => [kind, hasData])).toEqual([
    ['TABLE', false],
    ['TABLE DATA', true],
    ['TABLE DATA', true],
    ['BLOBS', true],
  ]);
});

test('an archive that is cut off anywhere is not', () => {
  for (let bytes = 0; bytes < whole.length; bytes += 1)
    expect(missing(whole.subarray(0, bytes), 16), `${bytes} of ${whole.length} bytes`).toMatch(/it ends/);
});

test('one that lacks the last block is cut off too, though every byte of it is in order', () => {
  const { length } = archive(small.slice(3)).subarray(archive([{ ...small[3]!, chunks: null }]).length);
  expect(missing(whole.subarray(0, whole.length - length))).toMatch(
    /1 of its entries have no whole one \(BLOBS public\.BLOBS\)/,
  );
});

test('what is no archive, of another format or goes on behind its blocks is refused', () => {
  expect(() => missing(Buffer.from('-- PostgreSQL database dump\n'))).toThrow(/no archive/);
  expect(() => missing(archive(small, 17))).toThrow(/no archive/);
  expect(() => missing(archive(small, 13))).toThrow(/no archive/);
  expect(() => missing(Buffer.concat([whole, Buffer.from([9, 0, 1, 0, 0, 0])]))).toThrow(/no archive/);
});
