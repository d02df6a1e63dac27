import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { RestoreContext } from '../../../core/backup.ts';
import type { Helper, Service } from '../../../core/service.ts';
import { pidFile } from '../../../drivers/mysql/scratch-server.ts';
import { recordingContext } from '../../suites/artifact.ts';
import type { RecoveryRig } from './recovery-rig.ts';
import { suffer } from '../../support/suffer.ts';

export type Close = Parameters<NonNullable<RestoreContext['leaveOpen']>>[0];

/** What becomes of a server that a restore left open, and that does not go on as it should. */
export function leftOpenTests({ stack, attached, receivers, ...rig }: RecoveryRig): void {
  describe('a server that was left open', () => {
    const { followed, dump, restore, replay, count } = rig;

    test('and ended meanwhile is no base', async () => {
      const consistency = await dump();
      const files = await followed(
        consistency,
        async () => void (await stack.sql("INSERT INTO app.roles VALUES (3, 'logged')")),
      );
      const point = receivers.base.artifact('dump', consistency);
      const left: Close[] = [];
      let crash: Promise<unknown> | undefined;
      const restored = attached.backups['dump']!.restore!(point, {
        ...recordingContext(),
        replayFollows: true,
        leaveOpen: (close: Close) => void left.push(close),
        // It is killed when all of its data is in: as late as a crash in the middle of the restore can come.
        progress: (done: number, total: number | null) =>
          void (
            done === total &&
            (crash ??= suffer(attached, 'crash').then(({ witness }) =>
              pollUntil(systemClock, { everyMs: 20, deadlineMs: 10_000 }, witness),
            ))
          ),
      });
      await expect(restored).rejects.toThrow();
      await crash;
      expect(left).toEqual([]);
      await restore(point, true);
      expect(await replay(point, files, 'latest')).toMatchObject({
        transactions: 1,
        serverOfTheBase: false,
      });
    });

    test('and does not end is given up when its time is over, and goes all the same', async () => {
      const helpers: Helper[] = [];
      const helper: Service['helper'] = async (options) => {
        helpers.push(await stack.service.helper(options));
        return helpers[0]!;
      };
      const its = await stack.attach({}, { ...stack.service, helper });
      const point = receivers.base.artifact('dump', await dump());
      const left: Close[] = [];
      await its.backups['dump']!.restore!(point, {
        ...recordingContext(),
        replayFollows: true,
        leaveOpen: (close: Close) => void left.push(close),
      });
      const found = async (script: string): Promise<boolean> =>
        (await helpers[0]!.exec(['sh', '-c', script])).code === 0;
      expect(await found(`kill -STOP "$(cat ${pidFile})"`)).toBe(true);
      const late = new AbortController();
      const closing = left[0]!(late.signal);
      const failed = expect(closing).rejects.toThrow('its time is over');
      const isAsked = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 60_000 }, () =>
        found('grep -aqs "mysqladmi[n]" /proc/[0-9]*/cmdline'),
      );
      expect(isAsked).toBe(true);
      late.abort(new Error('its time is over'));
      await failed;
      await expect(found('true')).rejects.toThrow();
      await its.close();
      await restore(point);
      expect(await count('app.users')).toBe(3000);
    });
  });
}
