import { expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

const waitedFor = async (rate: string): Promise<number[]> => {
  const { folder, result } = await drillInMemory({
    scenario: {
      load: `{ rows: { target: store, rate: ${rate} } }`,
      seed: '[{ run: seed, with: { rows: 200 } }]',
      fault: '{ drop-table: store, table: accounts, at: +5s }',
      impact: 'none',
      giveUp: '5m',
    },
  });
  expect(result.outcome).toBe('completed');
  return eventsOf(eventsIn(folder), 'undetected').map(({ data }) => data.waitedMs);
};

test('what clients do not ask for, they will not notice: nobody waits for a minute to see that', async () => {
  const [waitedMs, ...more] = await waitedFor('200/s');
  expect(more).toEqual([]);
  expect(waitedMs).toBeGreaterThanOrEqual(15_000);
  expect(waitedMs).toBeLessThan(16_000);
});

test('clients that ask seldom are waited for longer, and for a minute at the most', async () => {
  const [some] = await waitedFor('4/s');
  expect(some).toBeGreaterThanOrEqual(25_000);
  expect(some).toBeLessThan(60_000);
  const [few] = await waitedFor('1/s');
  expect(few).toBeGreaterThanOrEqual(60_000);
});
