import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faults } from '../../faults/index.ts';
import { directory } from '../../stores/directory.ts';
import { storeRig, type StoreRig } from '../support/store-rig.ts';
import { storeFaultTests } from '../suites/store-faults.ts';

describe('faults of a store that is a folder', () =>
  storeFaultTests(() => storeRig({ kind: directory }), { service: false }));

const using = async (rig: StoreRig, work: (rig: StoreRig) => Promise<void>): Promise<void> =>
  work(rig).finally(() => rig.close());
const context = { seed: 7 };

describe('what cannot be broken is refused, with the reason', () => {
  test.each(['object-corrupted', 'object-deleted', 'bucket-emptied', 'rotate-key-lost'] as const)(
    '%s of a store without recovery points',
    async (name) => {
      await using(await storeRig({ kind: directory }), async ({ target }) => {
        await expect(
          faults[name].inject(target, faults[name].params.parse({}) as never, context),
        ).rejects.toThrow(/no recovery point|no key is needed/);
      });
    },
  );

  test('rotate-key-lost of backups that are not encrypted', async () => {
    await using(await storeRig({ kind: directory, encrypt: false }), async ({ target, backUp }) => {
      await backUp();
      await expect(faults['rotate-key-lost'].inject(target, {}, context)).rejects.toMatchObject({
        message: expect.stringMatching(/no key is needed/) as string,
        found: 'its newest recovery point is not encrypted',
      });
    });
  });

  test('bucket-emptied of a store that other drills use as well: nothing is touched', async () => {
    const path = mkdtempSync(join(tmpdir(), 'muster-shared-store-'));
    const config = (name: string) => ({ path: join(path, name) });
    await using(await storeRig({ kind: directory, config, id: 'another-drill' }), async ({ backUp }) => {
      await backUp();
      await using(await storeRig({ kind: directory, config, id: 'this-drill' }), async (rig) => {
        await rig.backUp();
        const before = await rig.contents(rig.target);
        await expect(faults['bucket-emptied'].inject(rig.target, {}, context)).rejects.toThrow(
          'refusing to empty store target: it holds recovery points of other drills',
        );
        expect(await rig.contents(rig.target)).toEqual(before);
      });
    });
  });

  test('bucket-emptied leaves what is none of ours', async () => {
    await using(await storeRig({ kind: directory }), async (rig) => {
      await rig.backUp();
      await rig.target.store.write('holiday.jpg', Buffer.from('not a backup'));
      const inflicted = await faults['bucket-emptied'].inject(rig.target, {}, context);
      expect(Object.keys(await rig.contents(rig.target))).toEqual(['holiday.jpg']);
      expect(await rig.target.points()).toEqual([]);
      await inflicted.undo.run();
      expect(await rig.target.points()).toHaveLength(1);
    });
  });
});

test('what was set aside and put back leaves nothing behind, and what cannot be set aside is left as it is', async () => {
  await using(await storeRig({ kind: directory }), async (rig) => {
    await rig.backUp();
    const before = await rig.contents(rig.target);
    const keys = Object.keys(before);
    const missing = `${keys[0]!}.none`;
    await expect(rig.target.damage([...keys, missing], null)).rejects.toThrow(`has no ${missing}`);
    expect(await rig.contents(rig.target)).toEqual(before);
    await rig.target.store.write('holiday.jpg', Buffer.from('not a backup'));
    await expect(rig.target.damage([...keys, 'holiday.jpg'], null)).rejects.toMatchObject({
      message: expect.stringContaining("not this drill's own"),
      found: 'holiday.jpg',
    });
    await rig.target.store.remove('holiday.jpg');
    expect(await rig.contents(rig.target)).toEqual(before);
    const { putBack } = await rig.target.damage(keys, null);
    expect(await rig.contents(rig.target)).toEqual({});
    await putBack();
    expect(await rig.contents(rig.target)).toEqual(before);
    expect(readdirSync(join(rig.folder, 'stores', '.kept'))).toEqual([]);
  });
});

test.each(['object-deleted', 'object-corrupted'] as const)(
  'what %s took is not put back where its point was removed meanwhile',
  async (name) => {
    await using(await storeRig({ kind: directory }), async (rig) => {
      await rig.backUp();
      const { target } = rig;
      const { undo } = await faults[name].inject(target, faults[name].params.parse({}) as never, context);
      expect(await undo.healed()).toBe(false);
      for (const key of Object.keys(await rig.contents(target))) await target.store.remove(key);
      await undo.run();
      expect(await rig.contents(target)).toEqual({});
      expect(await undo.healed()).toBe(true);
      expect(readdirSync(join(rig.folder, 'stores', '.kept'))).toEqual([]);
    });
  },
);
