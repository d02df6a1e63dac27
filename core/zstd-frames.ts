import { createZstdDecompress, type ZstdDecompress, type ZstdOptions } from 'node:zlib';

const frameMagic = 0xfd2fb528;
/** The first of sixteen that begin a frame of something else, as parallel packers write them. */
const skippableMagic = 0x184d2a50;
const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === skippableMagic;

/**
 * Whether it begins as a zstd file does; one of a parallel packer has the length of its first frame before
 * that.
 */
export function beginsAsZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  if (head.readUInt32LE() === frameMagic) return true;
  if (!isSkippable(head.readUInt32LE()) || head.length < 8) return false;
  const next = 8 + head.readUInt32LE(4);
  return head.length >= next + 4 && head.readUInt32LE(next) === frameMagic;
}

/** Bytes that are read, bytes that are passed over, or that a frame has ended here. */
type Wanted = { read: number } | { over: number } | 'end';

/** Lengths by RFC 8878, section 3.1. Returns at what begins as no frame. */
function* frames(): Generator<Wanted, void, Buffer> {
  for (;;) {
    const magic = (yield { read: 4 }).readUInt32LE();
    if (isSkippable(magic)) yield { over: (yield { read: 4 }).readUInt32LE() };
    else if (magic === frameMagic) {
      const [descriptor = 0] = yield { read: 1 };
      const isSingle = (descriptor >> 5) & 1;
      const dictionary = [0, 1, 2, 4][descriptor & 3]!;
      const contentSize = [isSingle, 2, 4, 8][descriptor >> 6]!;
      yield { over: 1 - isSingle + dictionary + contentSize };
      for (let isLast = false; !isLast; ) {
        const head = (yield { read: 3 }).readUIntLE(0, 3);
        isLast = (head & 1) === 1;
        const isOneByteRepeated = ((head >> 1) & 3) === 1;
        yield { over: isOneByteRepeated ? 1 : head >> 3 };
      }
      if ((descriptor & 4) !== 0) yield { over: 4 };
    } else return;
    yield 'end';
  }
}

/** Cuts what goes by behind each frame. */
function frameCutter(): (chunk: Buffer) => Buffer[] {
  const reading = frames();
  let wanted = reading.next();
  let got = Buffer.alloc(0);
  let over = 0;
  return (chunk) => {
    const pieces: Buffer[] = [];
    let from = 0;
    let at = 0;
    while (!wanted.done) {
      const want: Wanted = wanted.value;
      if (want === 'end') {
        if (at > from) pieces.push(chunk.subarray(from, at));
        from = at;
        wanted = reading.next();
        continue;
      }
      const length = 'read' in want ? want.read : want.over;
      const had = 'read' in want ? got.length : over;
      const some = Math.min(length - had, chunk.length - at);
      if ('read' in want) got = Buffer.concat([got, chunk.subarray(at, at + some)]);
      else over += some;
      at += some;
      if (had + some < length) break;
      wanted = reading.next(got);
      got = Buffer.alloc(0);
      over = 0;
    }
    if (chunk.length > from) pieces.push(chunk.subarray(from));
    return pieces;
  };
}

/**
 * Unpacks all frames of a file, as the program does. Node's own ends where a frame does, and leaves out what
 * stands behind that in the same piece without a word: it is given each frame in pieces of its own, and fails
 * at whatever is none.
 */
export function createZstdUnpacker(options?: ZstdOptions): ZstdDecompress {
  const unpacker = createZstdDecompress(options);
  const unpack = unpacker._transform.bind(unpacker);
  const cut = frameCutter();
  unpacker._transform = (chunk: Buffer, encoding, done) => {
    const pieces = chunk.length === 0 ? [chunk] : cut(chunk);
    const next = (index: number): void =>
      index === pieces.length - 1
        ? unpack(pieces[index], encoding, done)
        : unpack(pieces[index], encoding, (error) => (error ? done(error) : next(index + 1)));
    next(0);
  };
  return unpacker;
}
