import type { Readable } from 'node:stream';
import type { PageDamage } from '../mistakes.ts';
import { seededWords } from '../../core/random.ts';
import { bringsBack } from './records.ts';

/**
 * Layout of an InnoDB page: FIL header of 38 bytes with the neighbouring pages' numbers at 8 and the page
 * type at 24, then the index header with level at 64 and index id at 66. Trailer of 8 bytes.
 */
const neighboursAt = 8;
const typeAt = 24;
const levelAt = 64;
const indexAt = 66;
const headerBytes = 38;
const trailerBytes = 8;
const indexPage = 0x45bf;

export interface Page {
  number: number;
  bytes: Buffer;
}

/**
 * Pages of a tablespace that hold rows of the given index (leaf level), as they go by. Pages 0 to 2 hold no
 * rows and are left out.
 */
export async function* leaves(tablespace: Readable, pageBytes: number, index: bigint): AsyncGenerator<Page> {
  let rest = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of tablespace) {
    let data = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    for (; data.length >= pageBytes; data = data.subarray(pageBytes), number += 1) {
      const isLeaf =
        data.readUInt16BE(typeAt) === indexPage &&
        data.readUInt16BE(levelAt) === 0 &&
        data.readBigUInt64BE(indexAt) === index;
      if (isLeaf && number > 2) yield { number, bytes: data.subarray(0, pageBytes) };
    }
    rest = Buffer.from(data);
  }
}

/** The numbers of those pages. */
export async function leafPages(tablespace: Readable, pageBytes: number, index: bigint): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { number } of leaves(tablespace, pageBytes, index)) numbers.push(number);
  return numbers;
}

/**
 * Whether an older version of a leaf can stand in for the present one, and shows: between the same
 * neighbours, and with rows that were changed or removed since. A page that was split or merged meanwhile
 * cannot; its neighbours would contradict it. One that only lacks the newest rows would be no more than a
 * loss of the last moments, which an RPO may allow; one from which only rows removed before were cleared
 * away, nothing.
 */
export function canStandIn(older: Buffer, present: Buffer): boolean {
  return (
    older.subarray(neighboursAt, neighboursAt + 8).equals(present.subarray(neighboursAt, neighboursAt + 8)) &&
    bringsBack(older, present)
  );
}

export interface Overwrite {
  offset: number;
  bytes: Buffer;
}

/**
 * What is written over a page. `random`: all of it, as a misdirected write. `structured`: header and trailer
 * stay, so that it still looks like the page that it is, and everything between repeats one short pattern, as
 * firmware or a bad cable would.
 */
export function overwriteFor(
  { pattern, seed }: Pick<PageDamage, 'pattern' | 'seed'>,
  page: number,
  pageBytes: number,
): Overwrite {
  const word = seededWords(Math.imul(seed ^ page, 0x9e3779b1));
  const [from, length] =
    pattern === 'random' ? [0, pageBytes] : [headerBytes, pageBytes - headerBytes - trailerBytes];
  const bytes = Buffer.alloc(length);
  if (pattern === 'structured') bytes.fill(Buffer.from(Uint32Array.of(word(), word()).buffer));
  else for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(word(), at);
  return { offset: page * pageBytes + from, bytes };
}
