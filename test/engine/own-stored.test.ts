import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runOwn, type OwnRun } from '../support/own-scripts.ts';

/** A script that puts what a file says into store b, which holds some of it before the first run. */
function putting(
  script: string,
  work: (own: OwnRun & { set(name: string, content: string): void }) => Promise<void>,
): Promise<void> {
  const backup = `store="$MUSTER_OUT/../../stores/b/b/dumps"; ${script}`;
  const stored = { backup, restore: 'true', produces: '{ objects: dumps/, in: b }' };
  return runOwn(stored, async (own) => {
    const place = join(own.folder, 'stores/b/b/dumps');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'latest.sql'), 'of before');
    writeFileSync(join(place, 'sunday.sql'), 'of sunday');
    await work({ ...own, set: (name, content) => writeFileSync(join(own.home, name), content) });
  });
}

describe.concurrent('a script that replaces an object of a store', () => {
  it('by another as large, which was there before its first run, has made a backup each time', () =>
    putting('cp "$tools/now" "$store/latest.sql"', async ({ backUp, set, write }) => {
      for (const content of ['the first', 'the other', 'the third']) {
        write();
        set('now', content);
        expect((await backUp()).kept).toMatchObject({ reference: 'dumps/latest.sql', bytes: 9 });
      }
    }));

  it('by what it was, although clients wrote, has made none', () =>
    putting('cp "$tools/now" "$store/latest.sql"', async ({ backUp, set, write }) => {
      write();
      set('now', 'the first');
      await backUp();
      write();
      await expect(backUp()).rejects.toThrow(/left the same as the time before/);
    }));

  it('and touches none has made none', () =>
    putting('test -e "$store/latest.sql"', async ({ backUp }) => {
      await expect(backUp()).rejects.toThrow(/put nothing into b under dumps/);
    }));

  it('and puts others there once more has made the one that is another', () =>
    putting(
      'cp "$tools/now" "$store/latest.sql"; cp "$tools/sunday" "$store/monday.sql"',
      async ({ backUp, set, write }) => {
        set('now', 'the first');
        set('sunday', 'of monday');
        expect((await backUp()).kept).toMatchObject({ reference: 'dumps/latest.sql\ndumps/monday.sql' });
        write();
        set('now', 'the other');
        expect((await backUp()).kept).toMatchObject({ reference: 'dumps/latest.sql' });
      },
    ));

  it('may put back what it was, after a restore', () =>
    putting('cp "$tools/now" "$store/latest.sql"', async ({ backUp, restore, set, write }) => {
      set('now', 'the first');
      const first = await backUp();
      write();
      await restore(first);
      expect((await backUp()).kept).toMatchObject({ reference: 'dumps/latest.sql' });
    }));
});
