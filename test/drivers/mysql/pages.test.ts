import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { canStandIn, leafPages, overwriteFor } from '../../../drivers/mysql/pages.ts';

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
  const file = Buffer.concat([
    page(8, 0, 0n),
    page(5, 0, 0n),
    leaf,
    leaf,
    page(0x45bf, 1, 7n),
    leaf,
    page(0x45bf, 0, 8n),
    Buffer.alloc(pageBytes),
    leaf,
  ]);
  for (const step of [1_000, pageBytes, 50_001]) {
    const chunks = Array.from({ length: Math.ceil(file.length / step) }, (_, i) =>
      file.subarray(i * step, (i + 1) * step),
    );
    expect(await leafPages(Readable.from(chunks), pageBytes, 7n)).toEqual([3, 5, 8]);
  }
});

describe('the same seed damages the same bytes', () => {
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
  /**
   * A page in the compact format: an integer a record, in this order; null where the record was cleared away.
   * A negative one is marked as deleted.
   */
  const page = (rows: (number | null)[], change: (bytes: Buffer) => void = () => undefined): Buffer => {
    const bytes = Buffer.alloc(1_024, 7);
    const [headerBytes, rowBytes] = [5, 8];
    const heapAt = 120;
    let before = 99;
    bytes.writeUInt16BE(heapAt + rows.length * (headerBytes + rowBytes), 40);
    bytes.writeUInt16BE(0x8000 + rows.length + 2, 42);
    rows.forEach((row, i) => {
      if (row === null) return;
      const origin = heapAt + i * (headerBytes + rowBytes) + headerBytes;
      bytes.writeUInt8(row < 0 ? 0x20 : 0, origin - headerBytes);
      bytes.writeUInt16BE((i + 2) << 3, origin - headerBytes + 1);
      bytes.writeBigUInt64BE(BigInt(Math.abs(row)), origin);
      bytes.writeUInt16BE(origin - before, before - 2);
      before = origin;
    });
    bytes.writeUInt16BE((112 - before) & 0xffff, before - 2);
    change(bytes);
    return bytes;
  };

  test.each<[string, Buffer, boolean]>([
    ['when a row was removed since', page([1, 2, 3, 4]), true],
    ['when a row was cleared away since', page([1, 2, 3, 4, 5]), true],
    ['when a row was changed in its place', page([9, 2, -3, 4]), true],
    ['but not when it is the same', page([1, 2, -3, 4]), false],
    ['nor when it lacks the newest rows only', page([1, 2, -3]), false],
    ['nor when only rows that were removed before were cleared away since', page([1, 2, -3, 4, -5]), false],
    [
      'nor when only header or trailer differ, as after a flush',
      page([1, 2, -3, 4], (bytes) => {
        bytes.writeUInt32BE(1, 0);
        bytes.writeUInt32BE(1, 20);
        bytes.writeUInt32BE(1, 1020);
      }),
      false,
    ],
    [
      'nor when the page before it is another',
      page([1, 2, 3, 4], (bytes) => bytes.writeUInt32BE(1, 8)),
      false,
    ],
    [
      'nor when the page after it is another',
      page([1, 2, 3, 4], (bytes) => bytes.writeUInt32BE(1, 12)),
      false,
    ],
    [
      'nor when its chain of records goes in circles',
      page([1, 2, 3, 4], (bytes) => bytes.writeUInt16BE(0, 123)),
      false,
    ],
  ])('%s', (_, older, can) => expect(canStandIn(older, page([1, 2, -3, 4, null]))).toBe(can));
});
