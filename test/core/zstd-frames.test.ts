import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress, zstdCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { beginsAsZstd, createZstdUnpacker } from '../../core/zstd-frames.ts';

const text = (name: string): Buffer => Buffer.from(`${name} `.repeat(2_000));
const random = randomBytes(700_000);
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const skippable = (bytes: number): Buffer => {
  const frame = Buffer.alloc(8 + bytes, 0x28);
  frame.writeUInt32LE(0x184d2a53);
  frame.writeUInt32LE(bytes, 4);
  return frame;
};

async function unpacked(
  bytes: Buffer,
  size: number,
  make: typeof createZstdDecompress = createZstdUnpacker,
): Promise<Buffer> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  const out: Buffer[] = [];
  await pipeline(Readable.from(chunks), make(), async (source) => {
    for await (const one of source) out.push(one as Buffer);
  });
  return Buffer.concat(out);
}

describe('a zstd file is unpacked to its end', () => {
  const files: [string, Buffer, Buffer][] = [
    ['of one frame', zstdCompressSync(text('a')), text('a')],
    [
      'of two frames',
      Buffer.concat([zstdCompressSync(text('a')), zstdCompressSync(text('b'))]),
      Buffer.concat([text('a'), text('b')]),
    ],
    [
      'of frames with a checksum, without, of nothing, and of one byte many times',
      Buffer.concat([
        zstdCompressSync(text('a'), checked),
        zstdCompressSync(Buffer.alloc(0)),
        zstdCompressSync(Buffer.alloc(300_000, 7)),
        zstdCompressSync(random, checked),
      ]),
      Buffer.concat([text('a'), Buffer.alloc(300_000, 7), random]),
    ],
    [
      'of a parallel packer',
      Buffer.concat([skippable(4), zstdCompressSync(text('a')), skippable(0), zstdCompressSync(text('b'))]),
      Buffer.concat([text('a'), text('b')]),
    ],
  ];
  it.each(files)('%s', async (_, bytes, whole) => {
    expect(beginsAsZstd(bytes)).toBe(true);
    for (const size of [1, 3, 1_000, bytes.length].filter((one) => bytes.length / one < 50_000))
      expect((await unpacked(bytes, size)).equals(whole), `by ${size} bytes`).toBe(true);
  });
  it('which the unpacker of the runtime does not do', async () => {
    const bytes = Buffer.concat([zstdCompressSync(text('a')), zstdCompressSync(text('b'))]);
    expect((await unpacked(bytes, bytes.length, createZstdDecompress)).equals(text('a'))).toBe(true);
  });
});

describe('a zstd file is refused', () => {
  const first = zstdCompressSync(text('a'));
  const second = zstdCompressSync(text('b'));
  it.each<[string, Buffer]>([
    ['with zeros behind it', Buffer.concat([first, Buffer.alloc(100)])],
    ['with the rest of another file behind it', Buffer.concat([first, Buffer.from('rest of another')])],
    ['whose second frame is cut off', Buffer.concat([first, second.subarray(0, -3)])],
    ['whose second frame is cut off in its magic number', Buffer.concat([first, second.subarray(0, 3)])],
    ['whose second frame is damaged', Buffer.concat([first, Buffer.from(second).fill(0xff, 4, 12)])],
    ['whose first frame is cut off', first.subarray(0, -3)],
    ['whose first frame says that it is longer', Buffer.concat([first.subarray(0, 9), second])],
  ])('%s', async (_, bytes) => {
    for (const size of [1, 7, bytes.length]) await expect(unpacked(bytes, size)).rejects.toThrow();
  });
});

it('a file of something else does not begin as zstd', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('('),
    skippable(4),
    skippable(400),
    Buffer.from('-- dump'),
  ])
    expect(beginsAsZstd(bytes)).toBe(false);
});
