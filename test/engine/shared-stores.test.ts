import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { registries } from '../../cli/registries.ts';
import { agreementDamage } from '../../evidence/agreement.ts';
import {
  drillFile,
  drillInMemory,
  memoryFiles,
  type MemoryDrill,
  storesIn,
} from '../support/memory-drill.ts';
import { scratch } from '../support/scratch.ts';
import { dataIn, eventsIn } from '../support/recorded.ts';

/**
 * Two drills of one strategy, whose stores are folders of the user's own: the first lives longer, so its
 * points have the later times on its own clock.
 */
async function twoDrills(second: Record<string, string>, first: Record<string, string> = {}) {
  const shared = mkdtempSync(join(scratch, 'shared-'));
  const stores = storesIn(shared);
  const drill: MemoryDrill = { stores, scenario: { fault: '{ wipe-volume: store, at: +9s }', ...first } };
  const files = memoryFiles(drill);
  const before = await drillFile(files, drill);
  const change: MemoryDrill = { stores, scenario: second };
  const component = dataIn(before.folder, 'schedule.begun')[0]!.backup.split('.')[0]!;
  const after = await drillFile(memoryFiles(change, component), change);
  return { before, after, done: () => rmSync(shared, { recursive: true, force: true }) };
}

const durableIn = (folder: string): string[] => dataIn(folder, 'backup.durable').map(({ point }) => point);

describe('two drills that share their stores', () => {
  it.each(['before-fault', 'newest'])(
    'the second restores what it made itself (point: %s)',
    async (point) => {
      const { before, after, done } = await twoDrills({
        recover: `[{ restore: store, from: b, point: ${point} }]`,
      });
      expect(before.result.verdict).toBe('pass');
      const [restored] = dataIn(after.folder, 'point.fetched');
      expect(durableIn(before.folder)).not.toContain(restored!.point);
      expect(durableIn(after.folder)).toContain(restored!.point);
      expect(after.result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
      done();
    },
  );

  it('the second replays its own log, not what the first one left in the same place', async () => {
    const recover = '[{ restore: store, from: a }, { replay: store.log, from: a }]';
    const { after, done } = await twoDrills(
      { protect: '[store.snapshot, store.log]', recover },
      { protect: '[store.snapshot, store.log]', recover },
    );
    expect(after.result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(dataIn(after.folder, 'log.fetched')).toMatchObject([{ drill: after.result.drill }]);
    done();
  });

  it('a step that says `existing` restores what was there before, and that is no pass', async () => {
    const { before, after, done } = await twoDrills({
      recover: '[{ restore: store, from: b, existing: true }]',
    });
    const [restored] = dataIn(after.folder, 'point.fetched');
    expect(restored).toMatchObject({
      drill: before.result.drill,
      provenance: 'external',
      point: durableIn(before.folder).at(-1),
    });
    expect(after.result.findings.find(({ id }) => id.startsWith('copies/restored/'))).toMatchObject({
      verdict: 'inconclusive',
      gate: true,
      detail: expect.stringContaining(restored!.point) as string,
    });
    expect(after.result.exitCode).not.toBe(0);
    const events = eventsIn(after.folder);
    expect(agreementDamage(events, registries)).toBeNull();
    for (const { data } of eventsOf(events, 'point.fetched')) data.drill = after.result.drill;
    expect(agreementDamage(events, registries)).toMatch(/was made by drill/);
    done();
  });

  it('a fault on a store strikes the points of its own drill, and leaves those of others as they are', async () => {
    const { before, after, done } = await twoDrills({
      fault: '[{ wipe-volume: store, at: worst }, { object-deleted: b, at: restore.begun }]',
      recover: '[{ restore: store, from: [b, a] }]',
    });
    const [facts] = eventsOf(eventsIn(after.folder), 'fault.injected')
      .filter(({ data }) => data.fault === 'object-deleted')
      .map(({ data }) => data.facts as { point: string });
    expect(durableIn(after.folder)).toContain(facts!.point);
    expect(durableIn(before.folder)).not.toContain(facts!.point);
    done();
  });
});

describe('a copy that a store refuses', () => {
  const flip = (bytes: Uint8Array): void => {
    bytes[bytes.length - 1]! ^= 1;
  };

  it('though nobody broke it: a broken backup was found, whatever the next store gives', async () => {
    const { folder, result } = await drillInMemory({
      tamper: flip,
      scenario: { recover: '[{ restore: store, from: [b, a] }]' },
    });
    expect(dataIn(folder, 'step.ended')[0]).toMatchObject({ ok: true, facts: { store: 'a' } });
    expect(dataIn(folder, 'copy.refused')).toMatchObject([
      {
        step: 0,
        store: 'b',
        point: expect.any(String) as string,
        error: expect.stringContaining('SHA-256') as string,
      },
    ]);
    expect(result.findings.find(({ id }) => id === 'copies/b')).toMatchObject({
      verdict: 'fail',
      gate: true,
    });
    expect(result.exitCode).toBe(1);
  });

  it('because this drill broke it: as expected', async () => {
    const { folder, result } = await drillInMemory({
      scenario: {
        fault: '[{ wipe-volume: store, at: worst }, { object-corrupted: b, at: restore.begun }]',
        recover: '[{ restore: store, from: [b, a] }]',
      },
    });
    expect(dataIn(folder, 'copy.refused')).toMatchObject([{ store: 'b' }]);
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.findings.find(({ id }) => id === 'copies/b')).toMatchObject({ verdict: 'pass', weight: 0 });
  });
});
