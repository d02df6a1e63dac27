import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { measuredIntervalMs } from '../../core/schedule-pace.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

describe('how often a backup runs where the scenario names no time scale', () => {
  it.each([
    ['twice as long as it took, in whole tenths of a second', 86_400_000, 1_513, 3_100],
    ['never more often than every two seconds', 86_400_000, 40, 2_000],
    ['never more seldom than declared', 300_000, 200_000, 300_000],
    ['as declared, where that is less than two seconds', 1_000, 40, 1_000],
  ])('%s', (_, declaredMs, tookMs, wanted) => expect(measuredIntervalMs(declaredMs, tookMs)).toBe(wanted));

  it('is on the timeline, in the result and among the limitations, and the RPO is held against the declared interval all the same', async () => {
    const { folder, result } = await drillInMemory({
      every: '1h',
      rpo: '2h',
      scenario: { timeScale: '', points: '3' },
    });
    const events = eventsIn(folder);
    const [measured, ...more] = eventsOf(events, 'schedule.measured');
    expect(more).toEqual([]);
    expect(measured!.data).toMatchObject({
      scaledMs: 2_000,
      factor: 1_800,
      point: eventsOf(events, 'backup.durable')[0]!.data.point,
    });
    const begun = eventsOf(events, 'backup.begun').map(({ atMs }) => atMs);
    expect(begun.slice(1).map((atMs, i) => Math.round((atMs - begun[i]!) / 10) * 10)).toEqual([
      2_000, 2_000, 2_000,
    ]);
    expect(result.timeScale).toBe(1_800);
    expect(result.limitations.join('\n')).toMatch(/compressed up to 1 800 times/);
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.findings.find(({ id }) => id.startsWith('schedule/'))!.detail).toMatch(
      /explained by 2\.0 s between runs \(1 h at 1 800 times the pace, by what the first backup took\)/,
    );
    const { verdict } = (await drillInMemory({ every: '1h', rpo: '30m', scenario: { timeScale: '' } }))
      .result;
    expect(verdict).toBe('fail');
  });

  it('is as the scenario says, where it says so: nothing is measured', async () => {
    const { folder, result } = await drillInMemory({
      every: '1h',
      rpo: '2h',
      scenario: { timeScale: '900', points: '2' },
    });
    expect(eventsOf(eventsIn(folder), 'schedule.measured')).toEqual([]);
    expect(result.timeScale).toBe(900);
  });
});
