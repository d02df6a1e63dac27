import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackupMethod } from '../../core/backup.ts';
import { ownBackupMethod } from '../../engine/own-backup/method.ts';
import { recordingContext } from '../suites/artifact.ts';
import { runOwn, type OwnRun } from '../support/own-scripts.ts';

const scripts = { backup: 'cat "$tools/now" > rows.txt', restore: 'true', produces: "{ files: '*.txt' }" };

interface Two extends OwnRun {
  set(content: string): void;
  /** Two backups of one component, which have what they leave from the same script. */
  backUpTo(which: 'local' | 'bucket'): ReturnType<NonNullable<BackupMethod['backup']>>;
  restoreFrom(which: 'local' | 'bucket'): Promise<void>;
}

const two = (work: (own: Two) => Promise<void>): Promise<void> =>
  runOwn(scripts, async (own) => {
    const { drill, component } = own.own;
    const method = ownBackupMethod(drill, component);
    const options = { local: own.context.options, bucket: { ...own.context.options } };
    await work({
      ...own,
      set: (content) => writeFileSync(join(own.home, 'now'), content),
      backUpTo: (which) => method.backup!(own.receiver, { ...own.context, options: options[which] }),
      restoreFrom: async (which) => {
        const from = await method.backup!(own.receiver, { ...own.context, options: options[which] });
        // As a step gives it: the options of the backup, and more.
        const given = recordingContext([], { ...options[which] });
        await method.restore!(own.receiver.artifact('command', from), given);
      },
    });
  });

describe.concurrent('two backups of one component by scripts', () => {
  it('may hold the same, though clients wrote in between: each has a state of its own', () =>
    two(async ({ set, write, backUpTo }) => {
      for (const content of ['monday', 'tuesday']) {
        write();
        set(content);
        await backUpTo('local');
        write();
        expect(await backUpTo('bucket')).toMatchObject({ facts: { files: [{ name: 'rows.txt' }] } });
      }
    }));

  it('that each leave what they left before are none, both of them', () =>
    two(async ({ set, write, backUpTo }) => {
      write();
      set('monday');
      await backUpTo('local');
      await backUpTo('bucket');
      write();
      await expect(backUpTo('local')).rejects.toThrow(/left the same as the time before/);
      await expect(backUpTo('bucket')).rejects.toThrow(/left the same as the time before/);
    }));

  it('may both hold what they held, after a restore from one of them', () =>
    two(async ({ set, write, backUpTo, restoreFrom }) => {
      write();
      set('monday');
      await backUpTo('bucket');
      await restoreFrom('local');
      write();
      await backUpTo('local');
      await backUpTo('bucket');
    }));

  it('one of which began before the last one was done may hold the same as that', () =>
    two(async ({ set, write, own, backUpTo }) => {
      write();
      write();
      set('monday');
      await backUpTo('local');
      // Fewer writes than by the end of that one: it was begun before it, and is of the same moment.
      own.drill.acknowledged.set('rows', 1);
      await backUpTo('local');
    }));
});
