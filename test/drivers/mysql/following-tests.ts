import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Consistency } from '../../../core/backup.ts';
import type { Attached } from '../../../core/driver.ts';
import { following } from '../../../drivers/mysql/log-state.ts';
import { createReceiver, startFollowing, takeBackup } from '../../suites/artifact.ts';
import type { RecoveryRig } from './recovery-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { whenReady } from '../../suites/suite.ts';

const consistencyOf = (position: Record<string, string>): Consistency => ({
  atMs: 0,
  position,
  tool: '',
  server: '',
});

export function followingTests(rig: RecoveryRig): void {
  const { stack, attached, receivers, follow, followed, dump, restore, replay, count } = rig;

  describe('following the log', () => {
    test('goes on by itself across a crash of the server, and what is durable stays so', async () => {
      const offsets = new Map<string, number[]>();
      const append = receivers.log.append;
      receivers.log.append = async (file, offset, bytes) => {
        offsets.set(file, [...(offsets.get(file) ?? []), offset]);
        await append(file, offset, bytes);
      };
      const consistency = await dump();
      const files = await followed(consistency, async () => {
        await stack.sql("INSERT INTO app.roles VALUES (3, 'before')");
        await expect.poll(() => [...offsets.values()].flat().length, { timeout: 10_000 }).toBeGreaterThan(0);
        const crashed = await suffer(attached, 'crash');
        await crashed.undo.run();
        await expect.poll(() => crashed.witness()).not.toBeNull();
        await whenReady(attached);
        await stack.sql("INSERT INTO app.roles VALUES (4, 'after')");
        const wanted = String((await stack.sql('SHOW BINARY LOGS')).at(-1)!['Log_name']);
        await expect
          .poll(() => offsets.has(wanted), { timeout: 20_000, message: 'following did not go on' })
          .toBe(true);
      });
      expect(
        offsets.get(consistency.position['file']!)!.filter((offset) => offset === 0),
        'the last file was received from its beginning, and is the same',
      ).toEqual([0]);
      const point = receivers.base.artifact('dump', consistency);
      await restore(point, true);
      expect(await replay(point, files, 'latest')).toMatchObject({ transactions: 2 });
      expect(await count('app.roles')).toBe(4);
    });

    test('ends, and says why, when another server answers in its place', async () => {
      const follower = await follow(null);
      const wiped = await suffer(attached, 'wipe-volume');
      await wiped.undo.run();
      expect(await follower.broken).toMatch(/another server answers/);
      await follower.stop();
      await whenReady(attached);
      await stack.sql('CREATE DATABASE IF NOT EXISTS app');
    });

    /** Names of the files that a follower with no base ships. */
    async function shippedBy({ backups }: Attached): Promise<string[]> {
      const log = await createReceiver();
      try {
        const follower = await startFollowing(backups['binlog']!, log, null);
        await follower.stop();
        return log.artifact('binlog', consistencyOf({})).files.map(({ name }) => name);
      } finally {
        await log.remove();
      }
    }
    const newest = async (): Promise<string> =>
      String((await stack.sql('SHOW BINARY LOGS')).at(-1)!['Log_name']);
    const writeMuch = async (): Promise<unknown> =>
      stack.sql(
        'CREATE TABLE app.long_one (text LONGTEXT)',
        "INSERT INTO app.long_one VALUES (REPEAT('x', 2 * 1024 * 1024))",
      );

    test('begins with a new file where the newest is long, and no base needs it', async () => {
      const server = await stack.attach();
      await stack.sql('FLUSH BINARY LOGS');
      const short = await newest();
      expect(await shippedBy(server), 'one that is short, from its beginning').toEqual([short]);
      await writeMuch();
      expect(await newest()).toBe(short);
      expect(await shippedBy(server)).toEqual([following(short)]);
    });

    test('begins with the file that a base names, however long it is', async () => {
      const server = await stack.attach();
      const base = await createReceiver();
      const { position } = await takeBackup(server.backups['dump']!, base, {});
      await base.remove();
      await writeMuch();
      expect(await shippedBy(server)).toEqual([position['file']]);
    });

    test('ships what the server wrote soon, and what many wrote together in few segments', async () => {
      let shipped = 0;
      let segments = 0;
      const append = receivers.log.append;
      receivers.log.append = async (file, offset, bytes) => {
        await append(file, offset, bytes);
        segments += 1;
        shipped = systemClock.nowMs();
      };
      const follower = await follow(null);
      await expect.poll(() => shipped, { timeout: 10_000 }).toBeGreaterThan(0);
      const waits: number[] = [];
      for (let i = 0; i < 20; i += 1) {
        const before = shipped;
        await stack.sql(`INSERT INTO app.roles VALUES (${100 + i}, 'x')`);
        const writtenMs = systemClock.nowMs();
        await expect.poll(() => shipped, { interval: 1, timeout: 5_000 }).toBeGreaterThan(before);
        waits.push(shipped - writtenMs);
      }
      expect(waits.sort((a, b) => a - b)[10]!, `median of ${waits.map(Math.round)}`).toBeLessThan(300);
      const [begunMs, segmentsBefore] = [systemClock.nowMs(), segments];
      for (let i = 0; i < 200; i += 1) await stack.sql(`INSERT INTO app.roles VALUES (${200 + i}, 'x')`);
      const writtenWithinMs = systemClock.nowMs() - begunMs;
      expect(await follower.stop(), 'nothing is lacking').toBeNull();
      // One each 200 ms, one that was due as they began, and what was left when following ended.
      expect(segments - segmentsBefore).toBeLessThanOrEqual(writtenWithinMs / 200 + 3);
      const { files } = receivers.log.artifact('binlog', consistencyOf({}));
      const last = (await stack.sql('SHOW BINARY LOGS')).at(-1)!;
      expect(files.find(({ name }) => name === last['Log_name'])!.bytes, 'all of it').toBe(
        Number(last['File_size']),
      );
    });
  });
}
