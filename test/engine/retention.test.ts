import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import { memoryFaults } from '../../drivers/memory/faults.ts';
import { memoryFault } from '../../drivers/memory/system.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { pointsIn } from '../support/stored-points.ts';
import { eventsIn } from '../support/recorded.ts';

/**
 * Points that a store shows, and the folders of points that there are: with files, whether or not they show.
 */
const shown = (folder: string, store: string): string[] =>
  pointsIn(folder, store)
    .map(({ id }) => id)
    .sort();
const withFiles = (folder: string, store: string): string[] => {
  const files = globSync(`stores/${store}/**`, { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [
    ...new Set(files.flatMap((path) => /\/points\/[^/]+\/[^/]+\/([^/]+)\/./.exec(path)?.[1] ?? [])),
  ].sort();
};

const keeping = (keep: string, scenario: Record<string, string> = {}): MemoryDrill => ({
  keepStack: true,
  every: '60s',
  backup: { keep },
  scenario: { timeScale: '30', points: '4', settle: '3s', ...scenario },
});

describe('what a strategy keeps', () => {
  it('is carried out after each new point, in every copy, and told', async () => {
    const { folder, result } = await drillInMemory(keeping('{ points: 2 }'));
    const events = eventsIn(folder);
    const durable = eventsOf(events, 'backup.durable').map(({ data }) => data.point);
    const removed = eventsOf(events, 'prune.ended').flatMap(({ data }) => data.removed);
    expect(removed).toEqual(durable.slice(0, -2));
    for (const store of ['a', 'b']) {
      expect(shown(folder, store)).toEqual(durable.slice(-2).sort());
      expect(withFiles(folder, store)).toEqual(durable.slice(-2).sort());
    }
    expect(result.findings.find(({ id }) => id.startsWith('retention/'))).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(/2 recovery points beyond it removed from every copy/) as string,
    });
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.limitations.join('\n')).not.toMatch(/Retention was not waited for/);
  });

  it('is a duration that no time scale compresses', async () => {
    const { folder, result } = await drillInMemory(keeping('1m'));
    expect(eventsOf(eventsIn(folder), 'prune.begun', 'prune.ended')).toEqual([]);
    expect(shown(folder, 'a').length).toBeGreaterThanOrEqual(4);
    expect(result.findings.filter(({ id }) => id.startsWith('retention/'))).toEqual([]);
    expect(result.limitations.join('\n')).toMatch(/Retention was not waited for.*snapshot/);
  });
});

describe('a fault in the middle of a prune', () => {
  it('strikes when no store shows the points any more and their files are there; the prune goes on, and the newest point is restored', async () => {
    const { folder, result } = await drillInMemory(
      keeping('{ points: 1 }', {
        points: '2',
        fault: '[{ wipe-volume: store, at: prune }]',
        recover: '[{ restore: store, from: b }]',
      }),
    );
    const events = eventsIn(folder);
    const [fault] = eventsOf(events, 'fault.begun');
    const begun = eventsOf(events, 'prune.begun').findLast(({ seq }) => seq < fault!.seq)!;
    const ended = eventsOf(events, 'prune.ended').find(({ seq }) => seq > begun.seq)!;
    expect(fault!.seq).toBeLessThan(ended.seq);
    expect(ended.data.removed).toEqual(begun.data.points);
    expect(result.faults[0]).toMatchObject({
      fault: 'wipe-volume',
      witnessedMs: expect.any(Number) as number,
    });
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  });
});

/** Rows change their values, checksums and all, and the backups go on. */
const quiet = memoryFault({
  about: 'rows are changed, and nobody sees it',
  losesData: true,
  params: z.strictObject({}),
  witnessDeadlineMs: 5_000,
  unnoticedPoints: () => 2,
  inject: (system, _params, context) =>
    memoryFaults['corrupt-pages'].inject(
      system,
      { table: 'records', pages: 8, pattern: 'structured' },
      context,
    ),
});
const memory = registries.drivers['memory']!;
const poisoned = (recover: string): Promise<{ folder: string; result: DrillResult }> =>
  drillInMemory({
    scenario: { timeScale: '30', points: '2', settle: '3s', fault: '{ quiet: store, at: +3s }', recover },
    registries: {
      ...registries,
      drivers: { ...registries.drivers, memory: { ...memory, faults: { ...memory.faults, quiet } } },
    },
  });

describe('damage that is backed up before anyone acts', () => {
  it('leaves further recovery points that hold it, and the recovery goes back to before it', async () => {
    const { folder, result } = await poisoned('[{ restore: store, from: b }]');
    const events = eventsIn(folder);
    const [fault] = eventsOf(events, 'fault.begun');
    const recovery = eventsOf(events, 'recovery.begun')[0]!;
    const durable = eventsOf(events, 'backup.durable');
    expect(
      durable.filter(
        ({ seq, data }) => seq > fault!.seq && seq < recovery.seq && data.consistentAtMs > fault!.atMs,
      ).length,
    ).toBeGreaterThanOrEqual(2);
    const restored = (eventsOf(events, 'step.ended')[0]!.data.facts as { point: string }).point;
    expect(durable.find(({ data }) => data.point === restored)!.data.consistentAtMs).toBeLessThan(
      fault!.atMs,
    );
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(result.time.rtaMs).toBeGreaterThan(0);
  });
  it('is there again where the newest point is restored', async () => {
    const { folder, result } = await poisoned('[{ restore: store, from: b, point: newest }]');
    const events = eventsIn(folder);
    const restored = (eventsOf(events, 'step.ended')[0]!.data.facts as { point: string }).point;
    expect(eventsOf(events, 'backup.durable').at(-1)!.data.point).toBe(restored);
    expect(result.exitCode).toBe(1);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toContain(
      'integrity/rows/corrupt',
    );
  });
});
