import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

describe('a recovery point counts when it covers acknowledged writes', () => {
  // As many points as a scenario has that says nothing, and a load that has written nothing when the schedule
  // could begin.
  test("the only point of a newcomer's first scenario holds what clients wrote", async () => {
    const { folder, result } = await drillInMemory({
      config: '{ groupSize: 1 }',
      scenario: { points: '1', load: '{ rows: { target: store, rate: 30/s } }' },
    });
    const events = eventsIn(folder);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toEqual([]);
    expect(eventsOf(events, 'step.ended')[0]!.data.facts).toMatchObject({
      facts: { rows: expect.any(Number) },
    });
    expect(
      (eventsOf(events, 'step.ended')[0]!.data.facts as { facts: { rows: number } }).facts.rows,
    ).toBeGreaterThan(5);
  });
  test('a load that writes nothing holds no schedule up for ever', async () => {
    const { folder } = await drillInMemory({
      config: '{ groupSize: 1 }',
      scenario: { points: '1', load: '{ rows: { target: store, rate: 1/m } }', giveUp: '1s' },
    });
    const events = eventsIn(folder);
    expect(eventsOf(events, 'backup.durable').length).toBeGreaterThan(0);
  });
});
