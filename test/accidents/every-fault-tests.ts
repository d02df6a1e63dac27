import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { everyFault as everyFaultOf } from '../../core/registries.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { muster, startMuster } from '../support/muster.ts';
import { bundlesIn, killed, leftOf, timelineOf } from './workbench.ts';

// One drill in which every fault that Muster knows is in force at once, so that none can be forgotten here.
const everyFault = Object.keys(everyFaultOf(registries)).sort();
const fixture = join(import.meta.dirname, '../fixtures/every-fault');
const folderOfItsOwn = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-every-fault-'));
  cpSync(fixture, folder, { recursive: true });
  return folder;
};

function expectAllInForce(events: readonly TimelineEvent[]): void {
  const named = (type: 'fault.injected' | 'fault.witnessed'): string[] =>
    eventsOf(events, type)
      .map(({ data }) => data.fault)
      .sort();
  expect(named('fault.injected')).toEqual(everyFault);
  expect(named('fault.witnessed')).toEqual(everyFault);
}

test.concurrent('after a drill that did not pass every fault is undone, and its removal is seen', {
  timeout: 600_000,
}, async ({ expect }) => {
  const folder = folderOfItsOwn();
  const ended = await muster(['run', 'scenario.yaml', '--seed', '7'], { cwd: folder });
  // Nothing repairs what was broken: it fails, and ends all the same in order.
  expect(ended.code, ended.stdout + ended.stderr).toBe(1);
  const bundles = bundlesIn(folder);
  const { events, broken } = timelineOf(bundles[0]!);
  expect(broken).toBeNull();
  expectAllInForce(events);
  const undone = eventsOf(events, 'undo.ended').map(({ data }) => data);
  expect(undone.filter(({ ok }) => !ok)).toEqual([]);
  expect(undone.length).toBeGreaterThanOrEqual(everyFault.length);
  expect(await leftOf(bundles)).toEqual([]);
});

test.concurrent('kill -9 with every fault in force, then `muster gc`: nothing of it is left', {
  timeout: 600_000,
}, async ({ expect }) => {
  const folder = folderOfItsOwn();
  const drill = startMuster(['run', 'scenario.yaml', '--seed', '7'], { cwd: folder });
  await drill.said(/Z detect\n/);
  await killed(drill);
  const bundles = bundlesIn(folder);
  expectAllInForce(timelineOf(bundles[0]!).events);
  expect((await leftOf(bundles)).length).toBeGreaterThan(20);
  expect((await muster(['gc'])).code).toBe(0);
  expect(await leftOf(bundles)).toEqual([]);
});
