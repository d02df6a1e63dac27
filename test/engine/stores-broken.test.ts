import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { deadEnds, fallBacks } from './store-cases.ts';
import { eventsIn } from '../support/recorded.ts';

const notesOf = (folder: string): string[] => eventsOf(eventsIn(folder), 'note').map(({ data }) => data.text);

/**
 * The volume is wiped, and what is left of its copies in store b is broken before the restore asks for it.
 */
const wipeAndBreak = (fault: string, from: string, more: Record<string, string> = {}) =>
  drillInMemory({
    scenario: {
      timeScale: '30',
      settle: '3s',
      fault: `[{ wipe-volume: store, at: worst }, { ${fault}: b, at: restore.begun }]`,
      recover: `[{ restore: store, from: ${from} }]`,
      ...more,
    },
  });

describe('a restore whose first store cannot give the recovery point', () => {
  it.each(fallBacks)('falls back to the next after %s, and the timeline says why', async (fault, note) => {
    const { folder, result } = await wipeAndBreak(fault, '[b, a]');
    expect(notesOf(folder)).toContainEqual(expect.stringMatching(note) as string);
    expect(eventsOf(eventsIn(folder), 'step.ended')[0]!.data).toMatchObject({
      ok: true,
      facts: { store: 'a' },
    });
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.exitCode).toBe(0);
    expect(result.faults.map((one) => [one.fault, one.target, one.witnessedMs !== null, one.healed])).toEqual(
      [
        ['wipe-volume', expect.any(String), true, null],
        [fault, 'b', true, true],
      ],
    );
    // The store is no component: it has no objectives, and nothing is said of it as if it were one.
    expect(result.objectives.map(({ component }) => component)).not.toContain('b');
    expect(result.limitations.join('\n')).not.toMatch(/Not broken.*\bb\b/);
  });

  it.each(deadEnds)('fails the drill after %s where no other is named', async (fault, reason) => {
    const { result } = await wipeAndBreak(fault, 'b');
    expect(result.steps).toMatchObject([{ ok: false, error: expect.stringMatching(reason) as string }]);
    expect(result.exitCode).toBe(1);
    expect(result.faults[1]).toMatchObject({ healed: true });
  });

  it('fails with every store in turn when the key is lost, and says that it was another key', async () => {
    const { folder, result } = await wipeAndBreak('rotate-key-lost', '[b, a]');
    expect(notesOf(folder)).toContainEqual(
      expect.stringMatching(/^store b cannot .*encrypted with another key/) as string,
    );
    expect(result.steps).toMatchObject([
      { ok: false, error: expect.stringMatching(/encrypted with another key/) as string },
    ]);
    expect(result.faults[1]).toMatchObject({ fault: 'rotate-key-lost', healed: true });
    expect(result.exitCode).toBe(1);
  });

  it('leaves nothing of what was set aside in the bundle', async () => {
    const { folder } = await wipeAndBreak('bucket-emptied', '[b, a]');
    expect(existsSync(join(folder, 'stores'))).toBe(false);
    expect(globSync('**/.kept', { cwd: folder })).toEqual([]);
  });
});

describe('a store that is broken at the worst moment', () => {
  it('is broken under a backup that goes on, and time zero stays with the component', async () => {
    const { folder, result } = await drillInMemory({
      scenario: {
        timeScale: '30',
        settle: '3s',
        fault: '[{ bucket-emptied: b, at: worst }, { wipe-volume: store, at: +9s }]',
        recover: '[{ restore: store, from: a }]',
      },
    });
    const events = eventsIn(folder);
    const [emptied, wiped] = eventsOf(events, 'fault.begun');
    expect([emptied!.data, wiped!.data]).toMatchObject([
      { fault: 'bucket-emptied', on: 'store' },
      { fault: 'wipe-volume' },
    ]);
    expect(wiped!.data.on).toBeUndefined();
    expect(
      eventsOf(events, 'backup.durable').filter(({ seq }) => seq > emptied!.seq && seq < wiped!.seq),
      'the schedule goes on',
    ).not.toEqual([]);
    expect(result.time.faultMs).toBe(wiped!.atMs);
    expect(result.time.rtaMs! + wiped!.atMs).toBe(result.time.correctMs!);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  });

  it('alone is noticed by nobody, and the drill does not wait for that', async () => {
    const { folder, result } = await drillInMemory({
      scenario: {
        timeScale: '30',
        settle: '3s',
        fault: '{ object-deleted: b, at: +5s }',
        impact: 'none',
        recover: '[{ restore: store, from: a }]',
      },
    });
    expect(eventsOf(eventsIn(folder), 'undetected')).toMatchObject([{ data: { waitedMs: 0 } }]);
    expect(result.objectives.map(({ component }) => component)).not.toContain('b');
    expect(result.outcome).toBe('completed');
    expect(result.faults).toMatchObject([{ fault: 'object-deleted', target: 'b', healed: true }]);
  });
});
