import { environmentError } from '../../core/errors.ts';

/**
 * What an archive of pg_dump begins with, as src/bin/pg_dump/pg_backup_archiver.c writes it: a head, and a
 * list of entries. In the custom format blocks of data follow; of a directory it is the file `toc.dat`.
 */
const magic = 'PGDMP';
// A directory's list is written as that of a tar, whose files it has (pg_backup_directory.c).
const formats = { 1: 'custom', 3: 'directory' } as const;
type ArchiveFormat = (typeof formats)[keyof typeof formats];
const known = { major: 1, oldest: 14, newest: 16 };
const offsetKinds = { withData: [1, 2], without: 3 };

/** An entry of the list. */
export interface Entry {
  id: number;
  /** `TABLE DATA`, `SEQUENCE SET`, `EXTENSION` … */
  kind: string;
  schema: string;
  name: string;
  hasData: boolean;
  /** Of a directory the file of its data, without the ending of what it is packed in; null: it has none. */
  file: string | null;
  /** Its rows are as COPY has them. */
  copies: boolean;
}

export interface ArchiveHead {
  format: ArchiveFormat;
  version: string;
  database: string;
  /** As the server and pg_dump said. */
  serverVersion: string;
  dumpVersion: string;
  /** When it was begun, by the clock and in the zone of where pg_dump ran. */
  madeAt: string;
  entries: Entry[];
}

/** More bytes are needed than there are so far. */
export class Short extends Error {}

export const wrong = (what: string, found: string): Error =>
  environmentError('the dump is no archive of pg_dump that Muster can read', { found, expected: what });

/** Reads numbers and texts as the head says that they are written. */
export class Reader {
  at = 0;
  intBytes = 4;
  offsetBytes = 8;
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new Short();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  byte(): number {
    return this.take(1)[0]!;
  }
  /** A byte for the sign, then the number, lowest byte first. */
  int(): number {
    const negative = this.byte() !== 0;
    const value = this.take(this.intBytes).readUIntLE(0, Math.min(this.intBytes, 6));
    return negative ? -value : value;
  }
  text(): string | null {
    const length = this.int();
    return length < 0 ? null : this.take(length).toString('utf8');
  }
}

const two = (number: number): string => String(number).padStart(2, '0');

function readHead(reader: Reader): { head: ArchiveHead; minor: number } {
  const said = reader.take(magic.length).toString('latin1');
  if (said !== magic) throw wrong(`${magic} at the beginning`, JSON.stringify(said));
  const [major, minor, revision] = [reader.byte(), reader.byte(), reader.byte()];
  const version = `${major}.${minor}.${revision}`;
  if (major !== known.major || minor < known.oldest || minor > known.newest)
    throw wrong(`format ${known.major}.${known.oldest} to ${known.major}.${known.newest}`, version);
  reader.intBytes = reader.byte();
  reader.offsetBytes = reader.byte();
  const kind = reader.byte();
  const format = (formats as Record<number, ArchiveFormat>)[kind];
  if (!format) throw wrong('the custom format, or a directory', `format ${kind}`);
  // How it is compressed: a kind since 1.15, a level before.
  if (minor >= 15) reader.byte();
  else reader.int();
  // The time, in seven numbers: seconds first, months from 0, years from 1900, and whether it is summer.
  const [second, minute, hour, day, month, year] = Array.from({ length: 7 }, () => reader.int());
  const head = {
    format,
    version,
    database: reader.text() ?? '',
    serverVersion: reader.text() ?? '',
    dumpVersion: reader.text() ?? '',
    madeAt: `${year! + 1900}-${two(month! + 1)}-${two(day!)} ${two(hour!)}:${two(minute!)}:${two(second!)}`,
    entries: [] as Entry[],
  };
  return { head, minor };
}

function readEntry(reader: Reader, minor: number, format: ArchiveFormat): Entry {
  const id = reader.int();
  reader.int();
  reader.text();
  reader.text();
  const name = reader.text() ?? '';
  const kind = reader.text() ?? '';
  reader.int();
  // Definition, and how to drop.
  for (let i = 0; i < 2; i += 1) reader.text();
  const copies = (reader.text() ?? '') !== '';
  const schema = reader.text() ?? '';
  reader.text();
  // The access method since 1.14, the kind of relation since 1.16.
  reader.text();
  if (minor >= 16) reader.int();
  // The owner, and whether there are OIDs, which there never are any more.
  reader.text();
  reader.text();
  while (reader.text() !== null);
  const about = { id, kind, schema, name, copies };
  if (format === 'directory') {
    const file = reader.text() || null;
    return { ...about, hasData: file !== null, file };
  }
  const flag = reader.byte();
  reader.take(reader.offsetBytes);
  return { ...about, hasData: flag !== offsetKinds.without, file: null };
}

/** Null while the bytes do not reach to the end of the list. */
export function readList(bytes: Buffer): { head: ArchiveHead; reader: Reader } | null {
  const reader = new Reader(bytes);
  try {
    const { head, minor } = readHead(reader);
    const count = reader.int();
    for (let i = 0; i < count; i += 1) head.entries.push(readEntry(reader, minor, head.format));
    return { head, reader };
  } catch (error) {
    if (error instanceof Short) return null;
    throw error;
  }
}
