/**
 * Records on an InnoDB leaf page, as storage/innobase/rem/rec.h and include/page0types.h lay them out. Page
 * header at 38: end of the heap at +2, count of the heap at +4 with the highest bit set in the formats since
 * COMPACT. A record is known by where its columns begin (its origin); before that stand, from the front, four
 * flags, a count, 13 bits of its number in the heap, and in the last two bytes where the next one in order of
 * the key begins: from the page's first byte in REDUNDANT, from this origin in the others.
 */
const heapEndAt = 40;
const heapCountAt = 42;
const compactBit = 0x8000;
const deletedFlag = 0x20;
const formats = {
  compact: { first: 99, last: 112, headerBytes: 5 },
  redundant: { first: 101, last: 116, headerBytes: 6 },
};

/**
 * Bytes of each record that is not marked as deleted, by its number in the heap. None where the chain of
 * records leaves the page or goes in circles.
 */
export function liveRecords(page: Buffer): Map<number, Buffer> {
  const compact = (page.readUInt16BE(heapCountAt) & compactBit) !== 0;
  const { first, last, headerBytes } = formats[compact ? 'compact' : 'redundant'];
  const origins: number[] = [];
  for (let at = nextOf(page, first, compact); at !== last; at = nextOf(page, at, compact)) {
    if (at < last || at >= page.length || origins.length > page.length / headerBytes) return new Map();
    origins.push(at);
  }
  const inPlace = origins.toSorted((a, b) => a - b);
  const live = new Map<number, Buffer>();
  inPlace.forEach((origin, i) => {
    if ((page.readUInt8(origin - headerBytes) & deletedFlag) !== 0) return;
    const end = i + 1 < inPlace.length ? inPlace[i + 1]! - headerBytes : page.readUInt16BE(heapEndAt);
    live.set(page.readUInt16BE(origin - headerBytes + 1) >>> 3, page.subarray(origin, end));
  });
  return live;
}

function nextOf(page: Buffer, origin: number, compact: boolean): number {
  const next = page.readUInt16BE(origin - 2);
  return compact ? (origin + next) & 0xffff : next;
}

/**
 * Whether a record that the older version has is gone or another in the present one. Rows that only the
 * present one has do not count.
 */
export function bringsBack(older: Buffer, present: Buffer): boolean {
  const now = liveRecords(present);
  for (const [number, bytes] of liveRecords(older))
    if (!now.get(number)?.subarray(0, bytes.length).equals(bytes)) return true;
  return false;
}
