import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { inspection } from '../../engine/own-backup/inside.ts';
import { drivers } from '../../drivers/index.ts';
import { archive, small } from '../drivers/postgres/archives.ts';
import { remade } from './remade-cases.ts';

const shapes = Object.values(drivers).flatMap(({ dumps = [] }) => dumps);
/** In pieces, as they come out of a container. */
async function inside(bytes: Uint8Array, piece = 1_000): Promise<string | null> {
  const looked = inspection(shapes);
  for (let at = 0; at < bytes.length; at += piece) await looked.take(bytes.subarray(at, at + piece));
  return looked.end();
}

const rows = Array.from({ length: 2_000 }, (_, n) => `${n}\tTicket ${n}\n`).join('');
/** How each tool begins and ends what it writes: pg_dump 17.12, mysqldump 9.7, mariadb-dump 11.8, Redis 8. */
const dumps: Record<string, Buffer> = {
  pg_dump: Buffer.from(
    `--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n${rows}\\.\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict vNIo5rlMclql4aRBi3babnHfH8DiHEA9DqdyRGQj30ddSgekCA144uRXNfaElW4\n\n`,
  ),
  pg_dumpall: Buffer.from(
    `--\n-- PostgreSQL database cluster dump\n--\n${rows}--\n-- PostgreSQL database dump complete\n--\n--\n-- PostgreSQL database cluster dump complete\n--\n\n`,
  ),
  mysqldump: Buffer.from(
    `-- MySQL dump 10.13  Distrib 9.7.0, for Linux (x86_64)\n--\n${rows}/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed on 2026-11-29 22:00:00\n`,
  ),
  'mariadb-dump': Buffer.from(
    `/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19-11.8.3-MariaDB, for debian-linux-gnu (x86_64)\n${rows}\n-- Dump completed on 2026-11-29 22:00:00\n`,
  ),
  'redis-cli --rdb': Buffer.concat([
    Buffer.from('REDIS0012'),
    Buffer.from(rows),
    Buffer.from('ff0102030405060708', 'hex'),
  ]),
};

describe.each(Object.entries(dumps))('what %s writes', (_tool, whole) => {
  it.each([
    ['plain', (bytes: Buffer): Uint8Array => bytes],
    ['by gzip', (bytes: Buffer): Uint8Array => gzipSync(bytes)],
    ['by zstd', (bytes: Buffer): Uint8Array => zstdCompressSync(bytes)],
  ])('is whole, %s, and half of it is not', async (_how, packed) => {
    expect(await inside(packed(whole))).toBeNull();
    expect(await inside(packed(whole), 64)).toBeNull();
    expect(await inside(packed(whole.subarray(0, whole.length / 2)))).toMatch(
      /^it is a (?:dump|snapshot) of .*, and breaks off after \d+ bytes/,
    );
  });
});

describe('an archive of pg_dump in its custom format, which has no mark at its end,', () => {
  const whole = archive(small);
  it('is whole, packed or not', async () => {
    for (const bytes of [whole, gzipSync(whole)])
      for (const piece of [1_000, 1, 64]) expect(await inside(bytes, piece)).toBeNull();
  });
  it('is not whole when it is cut off, wherever', async () => {
    for (let bytes = 5; bytes < whole.length; bytes += 1)
      expect(await inside(whole.subarray(0, bytes), 64)).toMatch(
        /^it is an archive of pg_dump, and not whole: it ends/,
      );
    expect(await inside(gzipSync(whole.subarray(0, whole.length - 1)))).toMatch(/and not whole: it ends/);
  });
  it('of a format that is not known is its own tool’s business', async () => {
    expect(await inside(archive(small, 17))).toBeNull();
  });
});

test.each([
  ['nothing', Buffer.alloc(0), 'it is empty'],
  ['gzip of nothing', gzipSync(''), 'it is a gzip archive of nothing'],
  ['zstd of nothing', zstdCompressSync(''), 'it is a zstd archive of nothing'],
  [
    'half of a gzip archive',
    gzipSync(rows).subarray(0, 2_000),
    'it is no whole gzip archive: unexpected end',
  ],
  ['half of a zstd archive', zstdCompressSync(rows).subarray(0, 1_000), 'it is no whole zstd archive'],
  ['the head of a gzip archive', gzipSync(rows).subarray(0, 3), 'it is no whole gzip archive'],
])('%s is no backup', async (_what, bytes, reason) => {
  expect(await inside(bytes)).toContain(reason);
});

/** Its end was written and its middle never was, as after a crash: zlib takes zeros for padding. */
const holes = [1, 700, 500_000].map((zeros) =>
  Buffer.concat([gzipSync(rows), Buffer.alloc(zeros), gzipSync(rows)]),
);
test.each([64, 1_000, 1_000_000])('a hole between gzip archives is none, in pieces of %i', async (piece) => {
  for (const bytes of holes) expect(await inside(bytes, piece)).toContain('it is no whole gzip archive');
});

/** What stands behind a frame of zstd in the same piece counts as well. */
test.each([64, 1_000, 1_000_000])('zstd is looked into to its end, in pieces of %i', async (piece) => {
  const [first, second] = [zstdCompressSync(rows), zstdCompressSync(dumps['pg_dump']!)];
  for (const rest of [second.subarray(0, -9), Buffer.from('rest of another'), Buffer.alloc(700)])
    expect(await inside(Buffer.concat([first, rest]), piece)).toContain('it is no whole zstd archive');
  const mysqldump = dumps['mysqldump']!;
  const halves = [mysqldump.subarray(0, 9_000), mysqldump.subarray(9_000)].map((half) =>
    zstdCompressSync(half),
  );
  const lengthFrame = Buffer.from('502a4d180400000063000000', 'hex');
  expect(await inside(Buffer.concat(halves), piece)).toBeNull();
  expect(await inside(Buffer.concat([lengthFrame, halves[0]!, lengthFrame, halves[1]!]), piece)).toBeNull();
  expect(await inside(Buffer.concat([lengthFrame, halves[0]!]), piece)).toContain('breaks off');
});

test.each([
  ['a byte', Buffer.from('x')],
  ['text that no tool writes', Buffer.from(rows)],
  ['a gzip archive, padded to blocks', Buffer.concat([gzipSync(rows), Buffer.alloc(700)])],
  ['two gzip archives in a row', Buffer.concat([gzipSync(rows), gzipSync(rows)])],
])('%s is taken as it is', async (_what, bytes) => {
  expect(await inside(bytes)).toBeNull();
});

const changed = (dump: Buffer, what: RegExp): Buffer =>
  Buffer.from(
    dump.toString('latin1').replaceAll(what, (text) => 'q'.repeat(text.length)),
    'latin1',
  );

describe.each(remade)('a dump of $tool in which nothing but $name is another', ({ tool, differs: what }) => {
  const contentIn = async (bytes: Uint8Array, piece = 1_000) => {
    const looked = inspection(shapes);
    for (let at = 0; at < bytes.length; at += piece) await looked.take(bytes.subarray(at, at + piece));
    expect(await looked.end()).toBeNull();
    return looked.content();
  };
  const whole = dumps[tool]!;

  it('is of the same data, however it comes, and not the same', async () => {
    const [first, second] = [await contentIn(whole), await contentIn(changed(whole, what))];
    expect(second.exact).not.toBe(first.exact);
    expect(second.alike).toBe(first.alike);
    expect(await contentIn(gzipSync(changed(whole, what)), 64)).toEqual(second);
  });
  it('is of other data where a row is another', async () => {
    const other = Buffer.from(whole.toString('latin1').replace('Ticket 700', 'Ticket 7OO'), 'latin1');
    expect((await contentIn(changed(other, what))).alike).not.toBe((await contentIn(whole)).alike);
  });
});
