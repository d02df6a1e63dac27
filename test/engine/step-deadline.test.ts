import { expect, test } from 'vitest';
import { drillInMemory } from '../support/memory-drill.ts';

test('a step that hangs has failed when its deadline passes, which is printed', async () => {
  const lines: string[] = [];
  const { result } = await drillInMemory({
    config: '{ bad: { hangs: restore } }',
    scenario: { points: '1', fault: '{ wipe-volume: store, at: +2s }', stepDeadline: '1s', giveUp: '1s' },
    progress: (one) => void (one.kind === 'line' && lines.push(one.text)),
  });
  expect(result.steps[0]).toMatchObject({
    ok: false,
    error: expect.stringMatching(/took longer than/) as string,
  });
  expect(lines).toContainEqual(expect.stringMatching(/^restore .*\(at most 1s\)$/));
  expect(result.exitCode).toBe(1);
});
