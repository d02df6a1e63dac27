import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kinds, readRecord, recordBytes } from '../../core/ledger.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf, firstOf } from '../../core/timeline.ts';
import type { MemorySystem } from '../../drivers/memory/system.ts';
import { registries } from '../../cli/registries.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

/** The driver in memory, whose `delete-rows` takes two seconds more once the rows are gone. */
const slowlyDeleting = (): typeof registries => {
  const memory = registries.drivers['memory']!;
  const fault = memory.faults!['delete-rows']!;
  const inject: typeof fault.inject = async (system, params, context) => {
    const done = await fault.inject(system, params, context);
    await (system as MemorySystem).clock.sleep(2_000);
    return done;
  };
  const faults = { ...memory.faults, 'delete-rows': { ...fault, inject } };
  return { ...registries, drivers: { ...registries.drivers, memory: { ...memory, faults } } };
};

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

test('a deleted row is not written anew while the injection that took it still goes on', async () => {
  const { folder } = await drillInMemory({
    registries: slowlyDeleting(),
    scenario: { fault: '{ delete-rows: store, table: records, share: 0.4, at: +5s }' },
  });
  const events = eventsIn(folder);
  expect(eventsOf(events, 'fault.unwitnessed')).toEqual([]);
  expect(eventsOf(events, 'fault.witnessed')).toHaveLength(1);
});

describe('changes that were under way when something was broken', () => {
  const slowly = (latencyMs: number) =>
    drillInMemory({
      config: `{ latencyMs: ${latencyMs}, timeoutMs: 5000 }`,
      scenario: {
        load: '{ rows: { target: store, rate: 60/s } }',
        protect: '[]',
        fault: '{ delete-rows: store, table: records, share: 0.4, at: +8s }',
        recover: 'automatic',
      },
    });
  const inDoubt = ({ findings }: DrillResult) => findings.find(({ id }) => id === 'integrity/rows/in-doubt');

  test('are counted where the server is too slow to wait for them, and what they may hide is told', async () => {
    const { folder, result } = await slowly(2_000);
    const underWay = eventsOf(eventsIn(folder), 'fault.begun')[0]!.data.underWay!;
    const { actual, detail } = inDoubt(result)!;
    expect(actual, detail).toBeGreaterThan(0);
    expect(actual, 'those that were there when the rows were deleted are lost').toBeLessThanOrEqual(underWay);
    expect(detail).toContain('whether what they held before was lost cannot be seen');
  });

  test('are none where it answers in time', async () => {
    const { folder, result } = await slowly(200);
    expect(eventsOf(eventsIn(folder), 'fault.begun').map(({ data }) => data.underWay)).toEqual([0]);
    expect(inDoubt(result)).toBeUndefined();
  });
});
