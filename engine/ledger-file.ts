import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Recorder } from '../core/workload.ts';
import { recordBytes, type LedgerSource } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { writeWhole } from './timeline-writer.ts';

const chunkRecords = 8192;
const chunkBytes = chunkRecords * recordBytes;

export interface LedgerWriter {
  /** A recorder whose records carry this load's index. */
  recorder(load: number): Recorder;
  recordsOf(load: number): number;
  /**
   * Writes what is buffered as a chunk and reports it. Called often enough that a kill loses a moment, not
   * the drill.
   */
  flush(): void;
  close(): void;
}

/**
 * Records go to the file in chunks; `chunk` puts each one's place and SHA-256 on the timeline, which is what
 * makes the ledger part of the hash chain without hashing each operation as an event. What cannot be written
 * is told to `lost`, once, and nothing is recorded after it.
 */
export function createLedgerWriter(
  path: string,
  originMs: number,
  chunk: (data: { offset: number; bytes: number; sha256: string }) => void,
  lost: (error: unknown) => void,
): LedgerWriter {
  const file = openSync(path, 'ax', 0o644);
  const buffer = new Uint8Array(chunkBytes);
  const view = new DataView(buffer.buffer);
  let used = 0;
  let offset = 0;
  let open = true;
  let broken = false;
  const counts: number[] = [];
  const flush = (): void => {
    if (used === 0 || broken) return;
    const bytes = buffer.subarray(0, used);
    try {
      writeWhole(file, bytes);
    } catch (error) {
      broken = true;
      lost(error);
      return;
    }
    chunk({ offset, bytes: used, sha256: createHash('sha256').update(bytes).digest('hex') });
    offset += used;
    used = 0;
  };
  return {
    recordsOf: (load) => counts[load] ?? 0,
    flush,
    close: () => {
      if (!open) return;
      flush();
      open = false;
      closeSync(file);
    },
    recorder: (load) => ({
      // Field by field, not through an object: this runs tens of thousands of times a second.
      record: (kind, outcome, id, group, invokedMs, endedMs, low, high, flags) => {
        if (!open || broken) return;
        const at = used;
        view.setUint8(at, load);
        view.setUint8(at + 1, kind);
        view.setUint8(at + 2, outcome);
        view.setUint8(at + 3, flags);
        view.setUint32(at + 4, id, true);
        view.setUint32(at + 8, group, true);
        view.setFloat32(at + 12, endedMs - invokedMs, true);
        view.setFloat64(at + 16, invokedMs - originMs, true);
        view.setUint32(at + 24, low, true);
        view.setUint32(at + 28, high, true);
        counts[load] = (counts[load] ?? 0) + 1;
        used += recordBytes;
        if (used === chunkBytes) flush();
      },
    }),
  };
}

/**
 * Opens a ledger for judging, as far as the timeline has it: what is beyond is damage. A file is read anew on
 * each pass, so memory does not grow with it.
 */
export function openLedger(path: string, events: readonly TimelineEvent[]): LedgerSource {
  const file = openSync(path, 'r');
  const told = eventsOf(events, 'ledger.chunk').reduce((sum, { data }) => sum + data.bytes, 0);
  const size = Math.min(fstatSync(file).size, told);
  closeSync(file);
  return {
    records: Math.floor(size / recordBytes),
    *chunks() {
      const handle = openSync(path, 'r');
      const block = new Uint8Array(Math.min(4 * chunkBytes, Math.max(recordBytes, size)));
      try {
        for (let at = 0; ; ) {
          const got = readSync(handle, block, 0, Math.min(block.length, size - at), at);
          const whole = got - (got % recordBytes);
          if (whole === 0) return;
          yield block.subarray(0, whole);
          at += whole;
        }
      } finally {
        closeSync(handle);
      }
    },
  };
}

/**
 * Compares a ledger file with the chunks on the timeline. Null when every byte is accounted for; otherwise
 * what is wrong.
 */
export function ledgerDamage(path: string, events: readonly TimelineEvent[]): string | null {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    let offset = 0;
    for (const { data } of eventsOf(events, 'ledger.chunk')) {
      const { bytes } = data;
      if (data.offset !== offset) return `chunk at byte ${data.offset}, expected ${offset}`;
      if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes > chunkBytes)
        return `chunk at byte ${offset} has a size that no chunk has: ${bytes} bytes`;
      if (offset + bytes > size) return `ledger ends at byte ${size}, the timeline has ${offset + bytes}`;
      const part = new Uint8Array(bytes);
      readSync(file, part, 0, bytes, offset);
      if (createHash('sha256').update(part).digest('hex') !== data.sha256)
        return `bytes ${offset} to ${offset + bytes} do not match the digest on the timeline`;
      offset += bytes;
    }
    return offset === size ? null : `${size - offset} bytes at the end are on no timeline`;
  } finally {
    closeSync(file);
  }
}
