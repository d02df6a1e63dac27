import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { canStandIn, choosePages, leafPages, overwriteFor } from '../../../drivers/mysql/pages.ts';

const pageBytes = 16_384;
function page(type: number, level: number, index: bigint): Buffer {
  const bytes = Buffer.alloc(pageBytes);
  bytes.writeUInt16BE(type, 24);
  bytes.writeUInt16BE(level, 64);
  bytes.writeBigUInt64BE(index, 66);
  return bytes;
}

test('only leaf pages of the index are chosen from, wherever the chunks fall', async () => {
  const leaf = page(0x45bf, 0, 7n);
  const file = Buffer.concat([page(8, 0, 0n), page(5, 0, 0n), page(3, 0, 0n), leaf, page(0x45bf, 1, 7n), leaf, page(0x45bf, 0, 8n), Buffer.alloc(pageBytes), leaf]);
  for (const step of [1_000, pageBytes, 50_001]) {
    const chunks = Array.from({ length: Math.ceil(file.length / step) }, (_, i) => file.subarray(i * step, (i + 1) * step));
    expect(await leafPages(Readable.from(chunks), pageBytes, 7n)).toEqual([5, 8]);
  }
});

describe('the same seed damages the same bytes', () => {
  const pages = Array.from({ length: 50 }, (_, i) => i + 4);
  test('pages', () => {
    expect(choosePages(pages, 3, 7)).toEqual(choosePages(pages, 3, 7));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => String(choosePages(pages, 3, seed)))).size).toBeGreaterThan(1);
    expect(choosePages(pages, 99, 7)).toEqual(pages);
  });
  test.each(['random', 'structured'] as const)('%s bytes', (pattern) => {
    const one = overwriteFor({ pattern, seed: 7 }, 20, pageBytes);
    expect(one.bytes.equals(overwriteFor({ pattern, seed: 7 }, 20, pageBytes).bytes)).toBe(true);
    expect(one.bytes.equals(overwriteFor({ pattern, seed: 8 }, 20, pageBytes).bytes)).toBe(false);
    expect(one.bytes.equals(overwriteFor({ pattern, seed: 7 }, 21, pageBytes).bytes)).toBe(false);
  });
  test('structured bytes leave header and trailer alone', () => {
    const { offset, bytes } = overwriteFor({ pattern: 'structured', seed: 7 }, 20, pageBytes);
    expect([offset, bytes.length]).toEqual([20 * pageBytes + 38, pageBytes - 46]);
  });
});

describe('an older version of a page stands in for the present one', () => {
  const page = (change: (bytes: Buffer) => void = () => undefined): Buffer => {
    const bytes = Buffer.alloc(1024, 7);
    change(bytes);
    return bytes;
  };

  test.each([
    ['when rows differ', page((bytes) => bytes.writeUInt8(1, 500)), true],
    ['but not when it is the same', page(), false],
    ['nor when only header or trailer differ, as after a flush', page((bytes) => { bytes.writeUInt32BE(1, 0); bytes.writeUInt32BE(1, 20); bytes.writeUInt32BE(1, 1020); }), false],
    ['nor when the page before it is another', page((bytes) => { bytes.writeUInt32BE(1, 8); bytes.writeUInt8(1, 500); }), false],
    ['nor when the page after it is another', page((bytes) => { bytes.writeUInt32BE(1, 12); bytes.writeUInt8(1, 500); }), false],
  ])('%s', (_, older, can) => expect(canStandIn(older, page())).toBe(can));
});
