import { describe, expect, test } from 'vitest';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { hangs } from './hanging-cases.ts';

const heard = async (
  drill: MemoryDrill,
): Promise<{ lines: string[]; result: Awaited<ReturnType<typeof drillInMemory>>['result'] }> => {
  const lines: string[] = [];
  const { result } = await drillInMemory({
    ...drill,
    progress: (one) => void (one.kind === 'line' && lines.push(one.text)),
  });
  return { lines, result };
};

// Each went on until somebody ended it.
describe('what hangs before the recovery', () => {
  test.each(hangs)(
    '%s (%s): its wait was printed with its deadline, and the drill ends by itself when that passes',
    async (what, _words, wait) => {
      const { lines, result } = await heard({
        config: `{ bad: { hangs: ${what} } }`,
        every: '30s',
        scenario: {
          seed: '[{ run: seed }]',
          points: '1',
          fault: '{ wipe-volume: store, at: +1s }',
          stepDeadline: '2s',
        },
      });
      expect(result).toMatchObject({ outcome: 'aborted', exitCode: 69 });
      const waits = lines.flatMap((line) => /^(.*) \(at most [\d. a-z]+\)$/.exec(line)?.[1] ?? []);
      expect(waits.filter((one) => wait.test(one))).not.toEqual([]);
    },
  );
});

test('a drill says of each of its waits for how long it lasts at most', { timeout: 120_000 }, async () => {
  const { lines, result } = await heard({
    scenario: {
      seed: '[{ run: seed }]',
      protect: '[store.snapshot, store.log]',
      check: '[ledger, store.inventory]',
    },
  });
  expect(result.exitCode).toBe(0);
  const waits = lines.map((line) => line.replaceAll(/store-\w+/g, 'store'));
  expect(waits).toEqual(
    expect.arrayContaining([
      'opening the stores (at most 30 min)',
      'attaching to store (at most 30 min)',
      'seeding: seed of store (at most 30 min)',
      'preparing the loads, each (at most 30 min)',
      'waiting for store.log to be followed (at most 30 min)',
      'waiting for 2 recovery points of store.snapshot (at most 1 h)',
      'waiting for the next recovery point of store.snapshot, just before which the fault comes (at most 30 min 12 s)',
      'looking for the effect of wipe-volume of store (at most 30.0 s)',
      'waiting for somebody to notice (at most 8.0 s)',
      'ending the backups (at most 30 min)',
      'reading rows back (at most 3 min)',
      'check store.inventory (at most 5 min)',
      'asking every component and service whether it stands (at most 1 min)',
      'closing store (at most 30.0 s)',
      'closing the stores (at most 30.0 s)',
    ]),
  );
  expect(waits.filter((line) => !/at most/.test(line))).toEqual([]);
});
