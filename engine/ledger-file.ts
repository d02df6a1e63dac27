import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { Recorder } from '../core/workload.ts';
import { chunkBytes, recordBytes } from '../core/ledger.ts';
import { writeWhole } from './timeline-writer.ts';

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
