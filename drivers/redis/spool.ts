import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One key, or one field of a hash, by digests. `name` and `value` are 12 bytes each, as latin1. `expiry`:
 * Unix ms, -1 for never. `group` and `flags` are the caller's own small numbers.
 */
export interface Entry {
  name: string;
  value: string;
  expiry: number;
  group: number;
  flags: number;
}

const digestBytes = 12;
const entryBytes = 40;
const bucketCount = 16;
const bufferBytes = 1_600 * entryBytes;
/** Entries that are held in memory at a time of one spool, whatever there are in all: about 40 MB. */
export const heldAtMost = 200_000;

interface Bucket {
  file: number;
  buffer: Buffer;
  used: number;
  entries: number;
}

/** A file that nobody else can open, and that is gone with this process however it ends. */
function ownFile(): number {
  const path = join(tmpdir(), `muster-spool-${randomBytes(8).toString('hex')}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

/**
 * Entries on disk, by the first bits of their names: what SCAN gives twice is told apart part by part, and
 * memory stays bounded.
 */
export class Spool {
  #buckets: Bucket[] = [];
  #closed = false;

  constructor() {
    try {
      for (let i = 0; i < bucketCount; i += 1)
        this.#buckets.push({ file: ownFile(), buffer: Buffer.alloc(bufferBytes), used: 0, entries: 0 });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  add({ name, value, expiry, group, flags }: Entry): void {
    const bucket = this.#buckets[name.charCodeAt(0) % bucketCount]!;
    if (bucket.used === bufferBytes) flush(bucket);
    const { buffer, used } = bucket;
    buffer.write(name, used, digestBytes, 'latin1');
    buffer.write(value, used + digestBytes, digestBytes, 'latin1');
    buffer.writeDoubleLE(expiry, used + 24);
    buffer.writeUInt32LE(group, used + 32);
    buffer.writeUInt32LE(flags, used + 36);
    bucket.used += entryBytes;
    bucket.entries += 1;
  }

  /** How many were added, those that came twice included. */
  get added(): number {
    return this.#buckets.reduce((sum, { entries }) => sum + entries, 0);
  }

  entriesOf(bucket: number): number {
    return this.#buckets[bucket]!.entries;
  }

  /** By name: of one bucket, those that fall into this part of so many. Of one that came twice, the later. */
  part(number: number, part: number, parts: number): Map<string, Entry> {
    const bucket = this.#buckets[number]!;
    flush(bucket);
    const found = new Map<string, Entry>();
    const chunk = Buffer.alloc(bufferBytes);
    for (let at = 0; at < bucket.entries * entryBytes; ) {
      const read = readSync(
        bucket.file,
        chunk,
        0,
        Math.min(bufferBytes, bucket.entries * entryBytes - at),
        at,
      );
      for (let entry = 0; entry < read; entry += entryBytes) {
        if (chunk.readUInt16LE(entry + 1) % parts === part) addTo(found, chunk, entry);
      }
      at += read;
    }
    return found;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { file } of this.#buckets) closeSync(file);
  }
}

function addTo(found: Map<string, Entry>, chunk: Buffer, at: number): void {
  const name = chunk.toString('latin1', at, at + digestBytes);
  const value = chunk.toString('latin1', at + digestBytes, at + 24);
  found.set(name, {
    name,
    value,
    expiry: chunk.readDoubleLE(at + 24),
    group: chunk.readUInt32LE(at + 32),
    flags: chunk.readUInt32LE(at + 36),
  });
}

/** What the file holds stays where it is: one writes at its end, and reads by position. */
function flush(bucket: Bucket): void {
  const at = bucket.entries * entryBytes - bucket.used;
  for (let done = 0; done < bucket.used; )
    done += writeSync(bucket.file, bucket.buffer, done, bucket.used - done, at + done);
  bucket.used = 0;
}

/**
 * Both, part by part: the same names come in the same part, each once, and of neither more than about
 * `atMost` at a time.
 */
export function* inParts(
  one: Spool,
  other: Spool | null,
  atMost = heldAtMost,
): Generator<[Map<string, Entry>, Map<string, Entry>]> {
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const parts = Math.max(
      1,
      Math.ceil(Math.max(one.entriesOf(bucket), other?.entriesOf(bucket) ?? 0) / atMost),
    );
    for (let part = 0; part < parts; part += 1)
      yield [one.part(bucket, part, parts), other?.part(bucket, part, parts) ?? new Map<string, Entry>()];
  }
}
