import { crc32, inflateSync } from 'node:zlib';

/**
 * Events of MySQL's binary log, format version 4, as documented under "Binary Log Version 4" in MySQL's
 * internals manual and in libs/mysql/binlog/event of its source. Only what tells transactions apart is read;
 * rows are never looked at.
 */
export const eventTypes = {
  query: 2,
  format: 15,
  xid: 16,
  rowsQuery: 29,
  gtid: 33,
  anonymous: 34,
  previousGtids: 35,
  xaPrepare: 38,
  payload: 40,
  gtidTagged: 42,
  // Of MariaDB, as sql/log_event.h has them.
  annotate: 160,
  gtidOfDomain: 162,
  gtidList: 163,
  queryCompressed: 165,
} as const;

export interface BinlogEvent {
  type: number;
  /** Id of the server that wrote it first. */
  server: number;
  /** Seconds since 1970, by the server's clock. */
  seconds: number;
  /** Where in the file it begins and ends. */
  begin: number;
  end: number;
  /** Without header and checksum. */
  body: Buffer;
  /** Its checksum is right, or it has none. */
  sound: boolean;
}

const magic = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
const headerBytes = 19;
const checksumBytes = 4;

export class NotABinlog extends Error {}

/**
 * Feeds on a file's bytes in order and gives each event once it is whole. Throws NotABinlog for anything that
 * cannot be a log.
 */
export function createEventReader(): {
  push(chunk: Buffer): Iterable<BinlogEvent>;
  /** Bytes of an event that is not whole yet. */
  pending(): number;
} {
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let checksums = false;
  function* push(chunk: Buffer): Iterable<BinlogEvent> {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = data;
    if (at === 0) {
      if (data.length < magic.length) return;
      if (!data.subarray(0, magic.length).equals(magic))
        throw new NotABinlog('the file does not begin as a binary log does');
      data = data.subarray(magic.length);
      at = magic.length;
    }
    while (data.length >= headerBytes) {
      const bytes = data.readUInt32LE(9);
      if (bytes < headerBytes) throw new NotABinlog(`an event of ${bytes} bytes at ${at}`);
      if (data.length < bytes) break;
      const whole = data.subarray(0, bytes);
      if (whole[4] === eventTypes.format) checksums = whole[bytes - checksumBytes - 1] === 1;
      yield eventFrom(whole, at, checksums);
      data = data.subarray(bytes);
      at += bytes;
    }
    rest = Buffer.from(data);
  }
  return { push, pending: () => rest.length };
}

function eventFrom(whole: Buffer, begin: number, checksums: boolean): BinlogEvent {
  const type = whole[4]!;
  const end = whole.length - (checksums ? checksumBytes : 0);
  // The format event's checksum leaves out a flag that is set while the file is being written, so it cannot
  // be judged from a copy.
  const sound =
    !checksums || type === eventTypes.format || crc32(whole.subarray(0, end)) === whole.readUInt32LE(end);
  return {
    type,
    server: whole.readUInt32LE(5),
    seconds: whole.readUInt32LE(0),
    begin,
    end: begin + whole.length,
    body: whole.subarray(headerBytes, end),
    sound,
  };
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/**
 * Source, number and commit time (microseconds; null where the server was too old to write it) of a GTID
 * event.
 */
export function gtidOf({ body }: BinlogEvent): {
  source: string;
  number: number;
  commitMicros: number | null;
} {
  const after = 42;
  const stamped = body.length >= after + 7;
  // 55 bits of time; the top bit says that the original commit's time follows.
  const commitMicros = stamped
    ? Number(body.readUIntLE(after, 6)) + (body[after + 6]! & 0x7f) * 2 ** 48
    : null;
  return { source: uuidOf(body.subarray(1, 17)), number: Number(body.readBigInt64LE(17)), commitMicros };
}

/**
 * What had been executed before this file began. Null when it holds tagged GTIDs, whose encoding is another.
 */
export function previousGtidsOf({
  body,
}: BinlogEvent): { source: string; from: number; to: number }[] | null {
  if (body.length < 8 || body[7] !== 0) return null;
  const out: { source: string; from: number; to: number }[] = [];
  let at = 8;
  for (let sources = Number(body.readBigUInt64LE(0)); sources > 0; sources -= 1) {
    const source = uuidOf(body.subarray(at, at + 16));
    let intervals = Number(body.readBigUInt64LE(at + 16));
    at += 24;
    for (; intervals > 0; intervals -= 1, at += 16) {
      out.push({
        source,
        from: Number(body.readBigInt64LE(at)),
        to: Number(body.readBigInt64LE(at + 8)) - 1,
      });
    }
  }
  return out;
}

/**
 * The text of a statement: definitions, BEGIN and COMMIT, and the original text of row changes where the
 * server notes it.
 */
export function statementOf({ type, body }: BinlogEvent): string {
  if (type === eventTypes.rowsQuery) return body.subarray(1).toString('utf8');
  if (type === eventTypes.annotate) return body.toString('utf8');
  const database = body[8]!;
  const variables = body.readUInt16LE(11);
  const text = body.subarray(13 + variables + database + 1);
  if (type !== eventTypes.queryCompressed) return text.toString('utf8');
  // Its first byte says how many bytes of length come before what zlib has made.
  return inflateSync(text.subarray(1 + (text[0]! & 0x07))).toString('utf8');
}

/** No BEGIN and no end are written around a transaction that stands alone, as a definition does. */
const standsAlone = 1;

/** A transaction of MariaDB: its domain is what numbers are counted in, whichever server wrote it. */
export function gtidOfDomain({ body, server }: BinlogEvent): {
  source: string;
  number: number;
  gtid: string;
  alone: boolean;
} {
  const [number, domain] = [body.readBigUInt64LE(0), body.readUInt32LE(8)];
  return {
    source: String(domain),
    number: Number(number),
    gtid: `${domain}-${server}-${number}`,
    alone: (body[12]! & standsAlone) !== 0,
  };
}

/** How far each domain had been counted before this file of MariaDB began. */
export function gtidListOf({ body }: BinlogEvent): { source: string; number: number }[] {
  const count = body.readUInt32LE(0) & 0x0fffffff;
  return Array.from({ length: count }, (_, i) => ({
    source: String(body.readUInt32LE(4 + i * 16)),
    number: Number(body.readBigUInt64LE(12 + i * 16)),
  }));
}
