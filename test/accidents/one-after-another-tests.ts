import { expect, test } from 'vitest';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { jsonOf, muster, startMuster } from '../support/muster.ts';
import { everything } from '../support/tier.ts';
import { accidentFolder, bundlesIn, interrupted, killed, leftOf, timelineOf } from './workbench.ts';

/** The first of two drills is being taken down, and the second has just begun. */
const secondBegins = /drill 2 of 2[^]*\bup\n/;
const two = ['run', 'scenario.yaml', 'scenario.yaml'];

const utcOf = (events: readonly TimelineEvent[], type: 'drill.begun' | 'drill.ended'): number =>
  Date.parse(eventsOf(events, type)[0]!.utc);
const loadUtc = (events: readonly TimelineEvent[]): number =>
  Date.parse(eventsOf(events, 'load.begun')[0]!.utc);

test('the next drill makes its stack while the former is taken down, and measures nothing before that is judged', async () => {
  const folder = accidentFolder();
  const ended = await muster([...two, '--json'], { cwd: folder });
  expect(ended.code, ended.stderr).toBe(0);
  const endedUtc = Date.now();
  const { drills } = jsonOf<{ drills: { tookMs: number }[] }>(ended);
  expect(drills).toHaveLength(2);
  const [first, second] = bundlesIn(folder).map((bundle) => timelineOf(bundle).events);
  expect(utcOf(second!, 'drill.begun')).toBeLessThan(utcOf(first!, 'drill.ended'));
  expect(loadUtc(second!)).toBeGreaterThanOrEqual(utcOf(first!, 'drill.ended'));
  expect(drills[1]!.tookMs, 'without the time of the former').toBeLessThanOrEqual(
    endedUtc - utcOf(first!, 'drill.ended'),
  );
  expect(await leftOf(bundlesIn(folder))).toEqual([]);
});

if (everything)
  // That the one waits for the other, test/stack/start.docker.test.ts shows: here the former may be quicker.
  test('drills of a stack that publishes a fixed port run one after another', async () => {
    const folder = accidentFolder((file, text) =>
      file === 'compose.yml' ? text.replace('127.0.0.1::6379', '127.0.0.1:21379:6379') : text,
    );
    const { code, stderr } = await muster(two, { cwd: folder });
    expect(code, stderr).toBe(0);
    expect(await leftOf(bundlesIn(folder))).toEqual([]);
  });

test('Ctrl-C in between: both stacks are gone, the first drill is whole, and the second was interrupted', async () => {
  const folder = accidentFolder();
  const started = startMuster(two, { cwd: folder });
  await started.said(secondBegins);
  interrupted(started);
  const { code, stderr } = await started.ended;
  expect(code, stderr).toBe(130);
  const bundles = bundlesIn(folder);
  expect(await leftOf(bundles)).toEqual([]);
  const timelines = bundles.map(timelineOf);
  expect(timelines.map(({ broken }) => broken)).toEqual([null, null]);
  expect(timelines.map(({ events }) => events.at(-1))).toEqual([
    expect.objectContaining({ type: 'drill.ended', data: { outcome: 'completed' } }),
    expect.objectContaining({
      type: 'drill.ended',
      data: expect.objectContaining({ outcome: 'interrupted' }) as unknown,
    }),
  ]);
});

test('kill -9 in between: what both leave, `muster gc` removes', async () => {
  const folder = accidentFolder();
  const started = startMuster(two, { cwd: folder });
  await started.said(secondBegins);
  await killed(started);
  expect((await muster(['gc'])).code).toBe(0);
  expect(await leftOf(bundlesIn(folder))).toEqual([]);
});
