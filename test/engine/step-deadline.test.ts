import { expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

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

test('no attempt is begun beside a step that goes on after its deadline', async () => {
  const { folder, result } = await drillInMemory({
    config: '{ bad: { hangs: restore } }',
    scenario: {
      points: '1',
      fault: '{ wipe-volume: store, at: +2s }',
      attempts: '3',
      stepDeadline: '1s',
      giveUp: '1s',
    },
  });
  expect(eventsOf(eventsIn(folder), 'recovery.begun')).toHaveLength(1);
  expect(result.steps[0]!.error).toMatch(/took longer than 1.0 s and does not end/);
  expect(result.notes.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^the recovery is not begun anew: restore .* is still at work/),
  );
  expect(result.exitCode).toBe(1);
});
