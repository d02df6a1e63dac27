import { describe, expect, test } from 'vitest';
import { MusterError } from '../../core/errors.ts';
import type { Phase } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';

/** What hangs, and the phase in which it does. */
const moments: [hangs: string, phase: Phase][] = [
  ['attach', 'up'],
  ['seed', 'seed'],
  ['prepare', 'seed'],
  ['copy', 'protect'],
  ['wipe', 'break'],
  ['restore', 'recover'],
  ['read-back', 'verify'],
  ['check', 'verify'],
];

// Each would go on until the limit of the test if the drill waited for what hangs.
describe('a drill that is ended while its driver hangs', () => {
  test.each(moments)(
    'in %s: it is cleaned up at once, and its bundle is whole and no pass',
    async (hangs, phase) => {
      const ending = new AbortController();
      const { result } = await drillInMemory({
        config: `{ bad: { hangs: ${hangs} } }`,
        scenario: {
          seed: '[{ run: seed }]',
          check: '[ledger, inventory]',
          fault: '{ wipe-volume: store, at: +1s }',
          points: '1',
        },
        signal: ending.signal,
        progress: (one, clock) => {
          if (one.kind === 'phase' && one.phase === phase)
            clock.after(2_000, () => ending.abort(new MusterError('interrupted', 'by SIGTERM')));
        },
      });
      expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
      expect(result.verdict).not.toBe('pass');
    },
  );

  test('in closing: the others are closed, and the drill ends', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { hangs: close } }' });
    expect(result.outcome).toBe('completed');
  });
});

test('a client that waits for ever is no record, and the drill no pass, though all others are served', async () => {
  const { result } = await drillInMemory({ config: '{ bad: { hangs: read } }' });
  expect(result).toMatchObject({ outcome: 'aborted', verdict: 'inconclusive', exitCode: 69 });
  expect(result.error).toMatch(/the ledger lacks it/);
  expect(result.notes.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^ending the loads took longer/),
  );
});
