import { expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

/** The server crashes and comes up with all that it had; its base and its log are put in its place. */
const replayed = async (config: string) => {
  const { folder, result } = await drillInMemory({
    config,
    rpo: '0s',
    scenario: {
      protect: '[store.snapshot, store.log]',
      fault: '{ crash: store, at: worst }',
      recover: '[{ restore: store, from: b }, { replay: store.log, from: a }]',
    },
  });
  const events = eventsIn(folder);
  const rpo = result.findings.find(({ id }) => id.startsWith('rpo/'))!;
  return { rpo, broken: eventsOf(events, 'log.broken').map(({ data }) => data) };
};

test('what a log lacks that Muster had not read to its end is no loss of the system, and no kept promise', async () => {
  const { rpo, broken } = await replayed('{ bad: { leavesLogUnread: true } }');
  expect(broken).toEqual([
    {
      backup: expect.stringMatching(/\.log$/),
      error: expect.stringMatching(/^\d+ entries of the journal were not read$/),
      unread: true,
    },
  ]);
  expect(rpo).toMatchObject({
    verdict: 'inconclusive',
    detail: expect.stringMatching(
      /acknowledged writes are missing .* What is missing may be missing for this alone: .*\.log was not read to its end \(\d+ entries/,
    ),
  });
});

test('of a log that was read to its end nothing is said', async () => {
  expect((await replayed('{}')).broken).toEqual([]);
});
