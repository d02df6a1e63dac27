import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kinds, readRecord, recordBytes } from '../../core/ledger.ts';
import { firstOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

// A lost record that a client wrote anew after the recovery would be there, and no loss.
test('no record that was there at the fault, or at the end of the recovery, is changed after it', async () => {
  const { folder } = await drillInMemory();
  const events = eventsIn(folder);
  const bytes = readFileSync(join(folder, 'ledger.bin'));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const changes = Array.from({ length: bytes.length / recordBytes }, (_, at) =>
    readRecord(view, at * recordBytes),
  ).filter(({ kind }) => kind === kinds.write || kind === kinds.remove);
  for (const mark of ['fault.begun', 'recovery.ended'] as const) {
    const atMs = firstOf(events, mark)!.atMs;
    const there = new Set(changes.filter(({ invokedMs }) => invokedMs < atMs).map(({ id }) => id));
    const later = changes.filter(({ invokedMs }) => invokedMs > atMs);
    expect(later.length, mark).toBeGreaterThan(50);
    expect(
      later.filter(({ id }) => there.has(id)).map(({ id }) => id),
      mark,
    ).toEqual([]);
  }
});
