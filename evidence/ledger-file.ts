import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { chunkBytes, recordBytes, type LedgerSource } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';

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
    // One for all: what each chunk had to itself would lie there until somebody clears it away.
    const block = new Uint8Array(chunkBytes);
    for (const { data } of eventsOf(events, 'ledger.chunk')) {
      const { bytes } = data;
      if (data.offset !== offset) return `chunk at byte ${data.offset}, expected ${offset}`;
      if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes > chunkBytes)
        return `chunk at byte ${offset} has a size that no chunk has: ${bytes} bytes`;
      if (offset + bytes > size) return `ledger ends at byte ${size}, the timeline has ${offset + bytes}`;
      const part = block.subarray(0, bytes);
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
