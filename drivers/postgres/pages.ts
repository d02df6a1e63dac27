import { seededWords } from '../../core/random.ts';
import type { PageDamage } from '../mistakes.ts';

/**
 * Header of a page, as src/include/storage/bufpage.h lays it out: LSN, checksum at 8, flags, end of the line
 * pointers at 12, beginning of the rows at 14, beginning of the special space at 16. Numbers are of the
 * server's byte order; every platform that Debian or the official image has a server for is little-endian but
 * s390x.
 */
const headerBytes = 24;
const rowsFromAt = 14;
const rowsToAt = 16;

/**
 * What a page is overwritten with. `random`: all of it, as a misdirected write. `structured`: the header and
 * the line pointers stay, so that it still looks like the page that it is, and its rows repeat one short
 * pattern, as firmware or a bad cable would have it. A page whose header makes no sense is taken as random.
 */
export function damagedPage(
  { pattern, seed }: Pick<PageDamage, 'pattern' | 'seed'>,
  page: number,
  present: Buffer,
): Buffer {
  const word = seededWords(Math.imul(seed ^ page, 0x9e3779b1));
  const bytes = Buffer.from(present);
  const [from, to] = [present.readUInt16LE(rowsFromAt), present.readUInt16LE(rowsToAt)];
  if (pattern === 'structured' && from > headerBytes && from < to && to <= present.length) {
    bytes.fill(Buffer.from(Uint32Array.of(word(), word()).buffer), from, to);
    return bytes;
  }
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(word(), at);
  return bytes;
}
