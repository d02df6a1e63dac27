import { Duplex, Writable } from 'node:stream';
import { promisify } from 'node:util';
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompress,
  zstdDecompress,
  type ZstdDecompress,
} from 'node:zlib';

/**
 * zstd (RFC 8878) as it is in node:zlib, one frame a file, with the frame's own checksum. It runs on libuv's
 * threads, so hashing and encryption go on beside it. Level 1: on two cores the compressor is what the pipe
 * waits for, and with level 2 the whole pipe is an eighth slower for copies that are a tenth smaller
 * (bench/backup-pipe.ts, which holds it against `zstd -3`). Worker threads (ZSTD_c_nbWorkers) are not used:
 * in Node 24.21 a stream with workers ends in ERR_STREAM_PUSH_AFTER_EOF.
 */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
const chunkBytes = 2 * 1024 * 1024;
const chunkBytesMin = 64 * 1024;

/**
 * What pipes and sockets deliver in pieces of 64 KiB or less reaches the compressor in blocks of this size:
 * each trip to another thread and back has its price.
 */
const blockBytes = 4 * 1024 * 1024;
/** One in the compressor, one that waits for it, one being filled. */
const blocks = 3;

/**
 * Compresses. Input is copied into blocks that are used again once the compressor has taken them in: new ones
 * for everything that passes would keep the garbage collector busy for a quarter of the time.
 */
export function compressor(): Duplex {
  const zstd = createZstdCompress({ chunkSize: chunkBytes, params });
  const free: Buffer[] = [];
  let made = 0;
  let block: Buffer | undefined;
  let filled = 0;
  let resume: (() => void) | null = null;

  /** Made when it is needed: what is small fills no second one. */
  const freeBlock = (): Buffer | undefined => {
    if (free.length > 0 || made === blocks) return free.pop();
    made += 1;
    return Buffer.allocUnsafeSlow(blockBytes);
  };
  const hand = (full: Buffer): void => {
    block = undefined;
    zstd.write(full.subarray(0, filled), () => {
      free.push(full);
      const waiting = resume;
      resume = null;
      waiting?.();
    });
    filled = 0;
  };
  const fill = (piece: Buffer, from: number, done: () => void): void => {
    for (let at = from; at < piece.length; ) {
      block ??= freeBlock();
      if (!block) {
        resume = () => fill(piece, at, done);
        return;
      }
      const copied = piece.copy(block, filled, at);
      at += copied;
      filled += copied;
      if (filled === blockBytes) hand(block);
    }
    done();
  };
  const writable = new Writable({
    highWaterMark: blockBytes,
    write: (piece: Buffer, _, done) => fill(piece, 0, done),
    final: (done) => {
      if (block) hand(block);
      zstd.end(done);
    },
  });
  return Duplex.from({ writable, readable: zstd });
}

/** `bytes`: what it unpacks to. */
export const decompressor = (bytes: number): ZstdDecompress =>
  createZstdDecompress({ chunkSize: Math.min(chunkBytes, Math.max(chunkBytesMin, bytes)) });

const compressWhole = promisify(zstdCompress);
const decompressWhole = promisify(zstdDecompress);

export const compressBytes = (bytes: Uint8Array): Promise<Buffer> => compressWhole(bytes, { params });

/** Rejects for bytes that are not whole zstd frames, or that unpack to more than `bytesMax`. */
export const decompressBytes = (bytes: Uint8Array, bytesMax: number): Promise<Buffer> =>
  decompressWhole(bytes, { maxOutputLength: bytesMax });
