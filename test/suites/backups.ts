import { describe, expect, test } from 'vitest';
import type { Consistency } from '../../core/backup.ts';
import { systemClock } from '../../core/clock.ts';
import { createReceiver, recordingContext, startFollowing, takeBackup, type Receiver } from './artifact.ts';
import { damages } from './damages.ts';
import { differences, readAll } from './workload-history.ts';
import { canSuffer, suffer } from '../support/suffer.ts';
import { whenReady, type Suite } from './suite.ts';

async function fill(suite: Suite, first: number, groups: number, text: string): Promise<void> {
  const workload = suite.data();
  const client = await workload.open();
  for (let group = 0; group < groups; group += 1) {
    const ids = Array.from({ length: workload.groupSize }, (_, i) => first + group * workload.groupSize + i);
    await client.write(
      ids,
      ids.map((id) => `${text} ${id}`),
    );
  }
  await client.close();
}

async function withReceiver(work: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver = await createReceiver();
  await work(receiver).finally(() => receiver.remove());
}

/**
 * Snapshots and logs: what comes back is what was acknowledged at the consistency point, or the restore
 * refuses.
 */
export function backupTests(suite: Suite): void {
  // Scripts of a user's own are no driver's: test/engine/own-backup.test.ts holds them to what they must be.
  const methods = Object.entries(suite.driver.backups).filter(
    ([name, { commands }]) => !commands && (suite.methods?.includes(name) ?? true),
  );
  const snapshots = methods.filter(([, { kind }]) => kind === 'snapshot').map(([name]) => name);
  const logs = methods.filter(([, { kind }]) => kind === 'continuous').map(([name]) => name);
  for (const method of snapshots) {
    describe(`backup ${method}`, () => {
      for (const options of suite.restores?.[method] ?? [{}]) roundTrip(suite, method, options);
      refusals(suite, method);
    });
  }
  for (const log of logs) replayTest(suite, snapshots[0], log);
}

function roundTrip(suite: Suite, method: string, options: Record<string, unknown>): void {
  const wipes = canSuffer(suite.driver, 'wipe-volume');
  test(`backup, ${wipes ? 'loss of everything' : 'later changes'}, restore ${JSON.stringify(options)}: reads back what was acknowledged`, () =>
    withReceiver(async (receiver) => {
      const { attached } = suite.rig();
      const workload = suite.data();
      await workload.prepare();
      const first = suite.freshIds();
      await fill(suite, first, 200, 'before');
      const expected = await readAll(workload);
      const begunMs = systemClock.nowMs();
      const consistency = await takeBackup(attached.backups[method]!, receiver, {});
      expect(consistency.atMs).toBeGreaterThanOrEqual(begunMs);
      expect(consistency.atMs).toBeLessThanOrEqual(systemClock.nowMs());
      expect(Object.keys(consistency.position).length).toBeGreaterThan(0);
      await fill(suite, first, 50, 'after');
      await fill(suite, suite.freshIds(), 10, 'after');
      const client = await workload.open();
      await client.remove(first + 100);
      await client.close();
      const wiped = wipes ? await suffer(attached, 'wipe-volume') : null;
      if (wiped) await expect.poll(() => wiped.witness(), { timeout: 60_000, interval: 50 }).not.toBeNull();
      const stages: string[] = [];
      await attached.backups[method]!.restore!(
        receiver.artifact(method, consistency),
        recordingContext(stages, options),
      );
      await whenReady(attached);
      expect(differences(await readAll(workload), expected)).toEqual([]);
      expect(stages).toContain('restore');
    }));
}

function refusals(suite: Suite, method: string): void {
  for (const [damage, change] of Object.entries(damages)) {
    test(`a copy that is ${damage} is refused, and nothing is lost by it`, () =>
      withReceiver(async (receiver) => {
        const { attached } = suite.rig();
        const workload = suite.data();
        await workload.prepare();
        const first = suite.freshIds();
        await fill(suite, first, 100, 'before');
        const consistency = await takeBackup(attached.backups[method]!, receiver, {});
        await fill(suite, first, 100, 'after');
        const expected = await readAll(workload);
        await receiver.damage(change);
        await expect(
          attached.backups[method]!.restore!(receiver.artifact(method, consistency), recordingContext()),
        ).rejects.toThrow();
        await whenReady(attached);
        expect(differences(await readAll(workload), expected)).toEqual([]);
      }));
  }

  test('a backup of a service that is away fails', () =>
    withReceiver(async (receiver) => {
      const { attached } = suite.rig();
      const { undo } = await suffer(attached, 'stop');
      await expect(takeBackup(attached.backups[method]!, receiver, {})).rejects.toThrow();
      await undo.run();
      await whenReady(attached);
    }));
}

function replayTest(suite: Suite, snapshot: string | undefined, log: string): void {
  test(`log ${log}: a snapshot and what was followed give everything acknowledged`, () =>
    withReceiver(async (base) =>
      withReceiver(async (followed) => {
        if (!snapshot) throw new Error('a log needs a snapshot to replay onto');
        const { attached } = suite.rig();
        const workload = suite.data();
        await workload.prepare();
        const first = suite.freshIds();
        await fill(suite, first, 50, 'before');
        const consistency: Consistency = await takeBackup(attached.backups[snapshot]!, base, {});
        const follower = await startFollowing(attached.backups[log]!, followed, consistency);
        await fill(suite, first, 20, 'after');
        await fill(suite, suite.freshIds(), 200, 'after');
        const client = await workload.open();
        await client.remove(first + 30 * workload.groupSize);
        await client.close();
        const expected = await readAll(workload);
        await follower.stop();
        if (canSuffer(suite.driver, 'wipe-volume')) await suffer(attached, 'wipe-volume');
        const point = base.artifact(snapshot, consistency);
        await attached.backups[snapshot]!.restore!(point, { ...recordingContext(), replayFollows: true });
        const stages: string[] = [];
        await attached.backups[log]!.replay!(
          followed.artifact(log, consistency),
          'latest',
          point,
          recordingContext(stages),
        );
        await whenReady(attached);
        expect(differences(await readAll(workload), expected)).toEqual([]);
        expect(stages).toContain('replay');
      }),
    ));
}
