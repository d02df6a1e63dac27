import { describe, expect, onTestFinished, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import { History, readAll } from './workload-history.ts';
import { canSuffer, suffer } from '../support/suffer.ts';
import { whenReady, type Suite } from './suite.ts';

/** Reading, writing and removing Muster's own records, and what a client says when it does not know. */
export function workloadTests(suite: Suite): void {
  describe('workload', () => {
    test('writes, overwrites, reads and removes groups', async () => {
      const workload = suite.data();
      await workload.prepare();
      const first = suite.freshIds();
      const ids = Array.from({ length: workload.groupSize }, (_, i) => first + i);
      const client = await workload.open();
      expect(await client.read(first)).toBeNull();
      await client.write(
        ids,
        ids.map(() => 'one'),
      );
      await client.write(
        ids,
        ids.map((id) => `two ${id}`),
      );
      for (const id of ids) expect(await client.read(id)).toBe(`two ${id}`);
      await client.remove(first);
      expect(await client.read(first)).toBeNull();
      await client.remove(first);
      await client.close();
      const read = await readAll(workload);
      expect(ids.map((id) => read.get(id) ?? null)).toEqual(
        ids.map((id) => (id === first ? null : `two ${id}`)),
      );
    });

    test('may be prepared again, and keeps what is there', async () => {
      const workload = suite.data();
      const first = suite.freshIds();
      const client = await workload.open();
      const ids = Array.from({ length: workload.groupSize }, (_, i) => first + i);
      await client.write(
        ids,
        ids.map(() => 'kept'),
      );
      await workload.prepare();
      expect(await client.read(first)).toBe('kept');
      await client.close();
    });

    test('reads back many thousand records, each once', async () => {
      const workload = suite.data();
      const history = new History(workload, suite.freshIds());
      const clients = await Promise.all([workload.open(), workload.open(), workload.open(), workload.open()]);
      const groups = Math.ceil(4_000 / workload.groupSize);
      await Promise.all(
        clients.map(async (client, c) => {
          for (let group = c; group < groups; group += clients.length) await history.write(client, group);
          await client.close();
        }),
      );
      expect(history.acknowledged).toBe(groups);
      expect(history.violations(await readAll(workload), true)).toEqual([]);
    });

    for (const ability of ['crash', 'pause'] as const) {
      if (!canSuffer(suite.driver, ability)) continue;
      test(`clients are honest about outcomes across a ${ability}, and recover by themselves`, async () => {
        const { attached } = suite.rig();
        const workload = suite.data();
        const history = new History(workload, suite.freshIds());
        // Those that still write when a test has failed would be taken for violations by the next ones.
        onTestFinished(() => history.stop());
        await history.start(24, 10);
        await expect.poll(() => history.acknowledged, { timeout: 60_000 }).toBeGreaterThan(500);
        const inflicted = await suffer(attached, ability);
        await expect
          .poll(() => history.uncertain + history.refused, {
            timeout: 60_000,
            message: 'no operation failed',
          })
          .toBeGreaterThan(0);
        await inflicted.undo.run();
        await whenReady(attached);
        const before = history.acknowledged;
        await expect
          .poll(() => history.acknowledged, { timeout: 60_000, message: 'clients did not recover' })
          .toBeGreaterThan(before + 20);
        await history.stop();
        expect(history.violations(await readAll(workload), suite.durable)).toEqual([]);
      });
    }

    test('reading back rejects while the service is away', async () => {
      const { attached } = suite.rig();
      const inflicted = await suffer(attached, 'stop');
      const gone = await pollUntil(systemClock, { everyMs: 20, deadlineMs: 10_000 }, () =>
        inflicted.witness(),
      );
      expect(gone).not.toBeNull();
      expect(await attached.ready()).toBe(false);
      await expect(readAll(suite.data())).rejects.toThrow();
      await inflicted.undo.run();
      await whenReady(attached);
    });
  });
}
