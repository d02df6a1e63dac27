import { environmentError } from '../../core/errors.ts';
import type { Product } from './product.ts';

/** The snapshot's name in a recovery point, whatever the server calls its own. */
export const rdbName = 'dump.rdb';

/**
 * Nine characters begin an RDB, such as `REDIS0012`; the EOF opcode (255) and eight bytes of CRC64 end it
 * (rdb.h, version 5 and later).
 */
const magicBytes = 9;
const trailerBytes = 9;
const eofOpcode = 0xff;

/** Remembers the first and last bytes of a stream. */
export function rdbEdges(): { add(chunk: Buffer): void; head(): Buffer; tail(): Buffer } {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  return {
    add: (chunk) => {
      if (head.length < magicBytes) head = Buffer.concat([head, chunk.subarray(0, magicBytes - head.length)]);
      tail = Buffer.concat([tail, chunk.subarray(-trailerBytes)]).subarray(-trailerBytes);
    },
    head: () => head,
    tail: () => tail,
  };
}

/**
 * What a server loads instead, in words, where a file that begins so is none that it does; null where it is
 * one. `format`: the highest that it says it knows.
 */
export function loadedInstead(
  { name, rdb }: Product,
  format: number | null,
  beginning: string,
): string | null {
  if (!rdb.loads(beginning)) return rdb.expected;
  return format !== null && Number(beginning.replace(/\D/g, '')) > format
    ? `up to ${format}, which is what this version of ${name} loads`
    : null;
}

/**
 * Throws unless the first and last bytes are those of a whole RDB that the server loads. What lies between is
 * for the server's own check.
 */
export function assertRdbEdges(
  product: Product,
  { head, tail, bytes }: { head: Buffer; tail: Buffer; bytes: number },
  format: number | null = null,
): void {
  const beginning = head.subarray(0, magicBytes).toString('latin1');
  const expected = loadedInstead(product, format, beginning);
  if (expected !== null) {
    throw environmentError(`the snapshot is not an RDB file that ${product.name} loads`, {
      found: bytes === 0 ? 'an empty file' : JSON.stringify(beginning),
      expected,
      hint: 'Nothing was changed.',
    });
  }
  if (bytes < magicBytes + trailerBytes || tail[tail.length - trailerBytes] !== eofOpcode) {
    throw environmentError('the snapshot is not complete', {
      found: `${bytes} bytes without the end mark`,
      expected: 'the EOF opcode and a checksum at the end',
      hint: 'Nothing was changed. Restore from another copy.',
    });
  }
}

/** How many keys the server's check counted: `[info] 200 keys read`. */
export function keysRead(report: string): number {
  const match = /(\d+) keys read/.exec(report);
  if (!match)
    throw environmentError('the check of the snapshot does not say how many keys it read', {
      found: report.slice(-200),
    });
  return Number(match[1]);
}
