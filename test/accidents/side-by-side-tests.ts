import { expect, test } from 'vitest';
import { muster, startMuster, type Muster } from '../support/muster.ts';
import { childrenOf, lives } from '../support/processes.ts';
import { accidentFolder, bundlesIn, interrupted, leftOf, timelineOf } from './workbench.ts';

/** Two drills with a stack each, both with clients at work; they would go on for long. */
async function twoUnderWay(): Promise<{ folder: string; started: Muster }> {
  const folder = accidentFolder((file, text) =>
    file === 'scenario.yaml' ? text.replace(/^points: .*/m, 'points: 1000') : text,
  );
  const started = startMuster(['run', 'scenario.yaml', 'scenario.yaml', '--jobs', '2'], { cwd: folder });
  await started.said(/: protect\n[^]*: protect\n/);
  expect(bundlesIn(folder)).toHaveLength(2);
  return { folder, started };
}

test('Ctrl-C with two drills under way: both stacks are gone, and both bundles whole', async () => {
  const { folder, started } = await twoUnderWay();
  interrupted(started);
  const { code, stderr } = await started.ended;
  expect(code, stderr).toBe(130);
  const bundles = bundlesIn(folder);
  expect(await leftOf(bundles)).toEqual([]);
  for (const { events, broken } of bundles.map(timelineOf)) {
    expect(broken).toBeNull();
    expect(events.at(-1)).toMatchObject({ type: 'drill.ended', data: { outcome: 'interrupted' } });
  }
});

test('kill -9 of everything with two drills under way: what they leave, `muster gc` removes', async () => {
  const { folder, started } = await twoUnderWay();
  const children = childrenOf(started.child.pid!);
  process.kill(-started.child.pid!, 'SIGKILL');
  await started.ended;
  await expect.poll(() => children.filter(lives), { timeout: 10_000 }).toEqual([]);
  const bundles = bundlesIn(folder);
  for (const bundle of bundles) expect((await leftOf([bundle])).length).toBeGreaterThan(0);
  expect((await muster(['gc'])).code).toBe(0);
  expect(await leftOf(bundles)).toEqual([]);
});
