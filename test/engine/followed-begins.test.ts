import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Consistency } from '../../core/backup.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { awaitNext, takeNext } from '../../engine/own-backup/followed.ts';
import { watchFor, type Watch } from '../../engine/own-backup/watch.ts';
import { hostGround } from '../../engine/own-backup/host-ground.ts';
import { runOwn, type OwnRun } from '../support/own-scripts.ts';

/** A sidecar with a file that is there while it works, in a folder of this machine. */
interface Working extends OwnRun {
  watch: Watch;
  looks(): number;
  /** Resolves after so many more looks. */
  looked(times: number): Promise<void>;
  work(text: string): void;
  done(): void;
  leave(name: string, text: string): void;
  taken(): Promise<Consistency>;
}

const working = (
  act: (sidecar: Working) => Promise<void>,
  { atWork, settles = '400ms' }: { atWork?: string; settles?: string } = {},
): Promise<void> =>
  runOwn(
    { follow: `{ settles: ${settles} }`, restore: 'true', produces: '{ objects: dumps/, in: b }' },
    async (run) => {
      const ground = hostGround(join(run.folder, 'sidecar'), run.own.drill.clock, ['left/*', 'work/*']);
      for (const name of ['left', 'work']) mkdirSync(join(ground.folder, name), { recursive: true });
      const part = join(ground.folder, 'work/part');
      if (atWork !== undefined) writeFileSync(part, atWork);
      const watch = watchFor(run.own, run.context.options as OwnOptions);
      let looks = 0;
      watch.place = {
        ...watch.place,
        keeps: false,
        list: async () => {
          looks += 1;
          return ground.list();
        },
        read: ground.read,
        isBegin: (path) => path === part,
        hasAll: (left) => left.length > 0,
      };
      await act({
        ...run,
        watch,
        looks: () => looks,
        looked: async (times) => {
          const until = looks + times;
          while (looks < until) await sleep(20);
        },
        work: (text) => writeFileSync(part, text),
        done: () => rmSync(part),
        leave: (name, text) => writeFileSync(join(ground.folder, 'left', name), text),
        taken: async () => {
          await awaitNext(watch, { ...run.context, withinMs: 8_000 });
          return takeNext(watch, run.receiver, run.context);
        },
      });
      if (existsSync(ground.folder)) await ground.remove();
    },
  );

describe.concurrent('what is there while a sidecar works', () => {
  it('says when it began, though what it leaves appears much later', () =>
    working(async ({ taken, looked, work, done, leave, now }) => {
      const coming = taken();
      await looked(2);
      const beganMs = now();
      work('half');
      await looked(4);
      const laterMs = now();
      leave('monday', 'all of it');
      done();
      const { atMs } = await coming;
      expect(atMs).toBeLessThanOrEqual(beganMs);
      expect(atMs).toBeLessThan(laterMs);
    }));

  it('and that stays where it lies is no sign of the next one, which begins with it anew', () =>
    working(async ({ taken, looked, work, leave, now }) => {
      const first = taken();
      await looked(2);
      work('half');
      await looked(1);
      work('as it stays');
      leave('monday', 'all of it');
      const firstAtMs = (await first).atMs;
      const second = taken();
      const afterMs = now();
      await looked(3);
      work('of the next');
      await looked(2);
      leave('tuesday', 'all of the next');
      const { atMs, facts } = await second;
      expect(atMs).toBeGreaterThan(firstAtMs);
      // Not as old as the first one, and not as young as what it left.
      expect(atMs).toBeGreaterThan(afterMs);
      expect(facts).toMatchObject({ files: [{ name: 'left/tuesday' }] });
    }));

  it('and is there again before the one before it is read, is of the next one', () =>
    working(
      async ({ taken, looked, work, leave, done, now }) => {
        const first = taken();
        await looked(2);
        work('half');
        await looked(1);
        leave('monday', 'all of it');
        done();
        await looked(2);
        const beganMs = now();
        // As a tool leaves its file that has not yet written anything: at each look as it was.
        work('');
        await first;
        const second = taken();
        await looked(2);
        leave('tuesday', 'all of the next');
        done();
        const { atMs, facts } = await second;
        expect(atMs).toBeLessThanOrEqual(beganMs);
        expect(facts).toMatchObject({ files: [{ name: 'left/tuesday' }] });
      },
      { settles: '1500ms' },
    ));

  it('and was so before the watch began, is none of the drill, whatever comes of it', () =>
    working(
      async ({ taken, looked, work, leave, done }) => {
        const coming = taken();
        await looked(1);
        work('of before, and more');
        await looked(1);
        leave('early', 'begun nobody knows when');
        done();
        await looked(4);
        leave('monday', 'of the drill');
        expect((await coming).facts).toMatchObject({ files: [{ name: 'left/monday' }] });
      },
      { atWork: 'of before' },
    ));
});
