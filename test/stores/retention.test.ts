import { describe, expect, test } from 'vitest';
import { takenMs } from '../../core/recovery-point.ts';
import type { Pruned, Store, Repository } from '../../core/store.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import { wallClocks } from './clock-cases.ts';
import { Nth } from './faulty.ts';
import { backUp, fetched, spec, workbench, type Workbench } from './workbench.ts';

const files = { 'a.sql': Buffer.from('one') };
const nobody = async (): Promise<void> => undefined;
/** Newest first. */
const taken = async (
  { originMs }: Workbench,
  repository: Repository,
  count: number,
  clock: Clock = systemClock,
): Promise<string[]> => {
  const points: string[] = [];
  // Points are named by the millisecond in which they were made.
  for (let i = 0; i < count; i += 1) {
    points.unshift((await backUp(repository, files, spec, clock.nowMs() - originMs)).id);
    const until = Date.now() + 2;
    await expect.poll(() => Date.now() >= until, { interval: 1 }).toBe(true);
  }
  return points;
};
const visible = async (repository: Repository, store: string): Promise<string[]> =>
  (
    await Promise.all(
      (['drill', 'external'] as const).map((whose) => repository.points('mysql', 'dump', store, whose)),
    )
  )
    .flat()
    .map(({ id }) => id)
    .sort()
    .reverse();
const keysOf = async (stores: ReadonlyMap<string, Store>): Promise<string[]> =>
  (await Promise.all([...stores.values()].map((store) => store.list('')))).flat().map(({ key }) => key);
const ofPoint = (keys: readonly string[], point: string): string[] =>
  keys.filter((key) => key.includes(point));
const nothing: Pruned = {
  removed: [],
  completed: [],
  spared: null,
  kept: 0,
  objects: 0,
  bytes: 0,
  versionsStayIn: [],
};

describe('what is beyond the retention', () => {
  test('goes from every copy, and what is kept can be restored', async () => {
    await using bench = await workbench();
    const [newest, second, ...old] = await taken(bench, bench.repository, 5);
    const pruned = await bench.repository.prune(spec, { points: 2 }, nobody);
    expect(pruned).toEqual({
      ...nothing,
      removed: old,
      kept: 2,
      objects: 3 * 3 * 2,
      bytes: expect.any(Number) as number,
    });
    expect(pruned.bytes).toBeGreaterThan(1_000);
    for (const store of ['one', 'two'])
      expect(await visible(bench.repository, store)).toEqual([newest, second]);
    const keys = await keysOf(bench.stores);
    for (const point of old) expect(ofPoint(keys, point)).toEqual([]);
    for (const made of await bench.repository.points('mysql', 'dump', 'two'))
      expect((await fetched(bench, made, 'two')).files).toHaveLength(1);
    expect(await bench.repository.prune(spec, { points: 2 }, nobody), 'a second time').toEqual({
      ...nothing,
      kept: 2,
    });
  });

  test('is told by its age where a duration is kept', async () => {
    await using bench = await workbench();
    const [newest, ...old] = await taken(bench, bench.repository, 3);
    expect(await bench.repository.prune(spec, { text: '1h', ms: 3_600_000 }, nobody)).toEqual({
      ...nothing,
      kept: 3,
    });
    const made = (await bench.repository.points('mysql', 'dump', 'one')).find(({ id }) => id === newest)!;
    // It passes while the prune looks at the stores, so that what is kept is the newest by being the last
    // one.
    const age = Date.now() - takenMs(made);
    expect((await bench.repository.prune(spec, { text: 'short', ms: age }, nobody)).removed).toEqual(old);
    expect(await visible(bench.repository, 'one')).toEqual([newest]);
  });

  test.each(wallClocks)(
    "is told by the drill's own clock, where the one on the wall is $name",
    async ({ stepMs, keep, left }) => {
      let aheadMs = 0;
      const wall: Clock = { ...systemClock, utc: () => new Date(Date.now() + aheadMs).toISOString() };
      await using bench = await workbench(undefined, wall);
      const old = await taken(bench, bench.repository, 2, wall);
      aheadMs = stepMs;
      const all = [...(await taken(bench, bench.repository, 1, wall)), ...old];
      await bench.repository.prune(spec, keep, nobody);
      for (const store of ['one', 'two'])
        expect(await visible(bench.repository, store)).toEqual(all.slice(0, left).sort().reverse());
    },
  );

  test('is never the last one, however old it is', async () => {
    await using bench = await workbench();
    const [newest, ...old] = await taken(bench, bench.repository, 2);
    expect(await bench.repository.prune(spec, { text: '0s', ms: -60_000 }, nobody)).toMatchObject({
      removed: old,
      spared: newest,
      kept: 1,
    });
    expect(await visible(bench.repository, 'two')).toEqual([newest]);
  });

  test('is not the newest that is whole, where what is newer is not', async () => {
    await using bench = await workbench();
    const [newest, second, third] = await taken(bench, bench.repository, 3);
    for (const store of bench.stores.values()) {
      for (const { key } of await store.list('points/'))
        if (key.includes(newest!) && key.includes('/files/')) await store.write(key, Buffer.from('cut off'));
    }
    expect(await bench.repository.prune(spec, { points: 1 }, nobody)).toMatchObject({
      removed: [third],
      spared: second,
      kept: 2,
    });
  });

  test('stays where nothing is whole: there is no telling what is needed', async () => {
    await using bench = await workbench();
    await taken(bench, bench.repository, 2);
    for (const store of bench.stores.values())
      for (const { key } of await store.list('points/')) if (key.includes('/files/')) await store.remove(key);
    await expect(bench.repository.prune(spec, { points: 1 }, nobody)).rejects.toThrow(
      'no recovery point is whole: none is removed',
    );
    expect(await visible(bench.repository, 'one')).toHaveLength(2);
  });

  test('is not what another drill made', async () => {
    await using bench = await workbench();
    await taken(bench, bench.repository, 3);
    const other = await bench.otherDrill();
    const [own] = await taken(bench, other, 1);
    expect(await other.prune(spec, { points: 1 }, nobody)).toEqual({ ...nothing, kept: 1 });
    expect(await visible(other, 'one')).toHaveLength(4);
    expect((await visible(other, 'one'))[0]).toBe(own);
  });
});

/** A point that any store shows must be whole in every copy. */
async function noHalf(bench: Workbench, accident: string): Promise<void> {
  const { repository } = await bench.reopened();
  for (const store of ['one', 'two']) {
    for (const made of await repository.points('mysql', 'dump', store)) {
      for (const copy of made.copies) {
        await fetched({ ...bench, repository }, made, copy).catch((error: unknown) => {
          throw new Error(`${accident}: visible in ${store}, and not to be had from ${copy}`, {
            cause: error,
          });
        });
      }
    }
  }
}

describe('a prune that is interrupted', () => {
  test.each(['before', 'after'] as const)(
    '%s any of its calls leaves no half that looks like a recovery point, and the next one completes it',
    { timeout: 120_000 },
    async (when) => {
      let struck = 0;
      for (let n = 1; ; n += 1) {
        await using bench = await workbench();
        const [newest, ...old] = await taken(bench, bench.repository, 2);
        // As a kill does: nothing is done from there on.
        const nth = new Nth(n, when, true);
        const { repository } = await bench.reopened(nth.wrap);
        const done = await repository.prune(spec, { points: 1 }, nobody).then(
          () => true,
          () => false,
        );
        await noHalf(bench, `call ${n}, ${nth.failed}`);
        const after = await bench.reopened();
        expect(await visible(after.repository, 'one'), nth.failed ?? 'none').toContain(newest);
        if (nth.failed === null) {
          expect(done).toBe(true);
          break;
        }
        struck += 1;
        expect(done, nth.failed).toBe(false);
        await after.repository.prune(spec, { points: 1 }, nobody);
        const keys = await keysOf(after.stores);
        for (const point of old) expect(ofPoint(keys, point), nth.failed).toEqual([]);
        expect(await visible(after.repository, 'two'), nth.failed).toEqual([newest]);
      }
      // In two stores: two listings and two points each, then what shows one, a file and what was prepared of
      // one point.
      expect(struck).toBe(2 * (2 + 2 + 3));
    },
  );

  test('between what shows points and their files shows nothing of what it removes, and what is left is completed by a later drill', async () => {
    await using bench = await workbench();
    const [, ...old] = await taken(bench, bench.repository, 3);
    await expect(
      bench.repository.prune(spec, { points: 1 }, async (points) => {
        expect(points).toEqual(old);
        for (const store of ['one', 'two']) expect(await visible(bench.repository, store)).toHaveLength(1);
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    expect(ofPoint(await keysOf(bench.stores), old[0]!)).toHaveLength(4);
    const later = await bench.otherDrill();
    await taken(bench, later, 1);
    expect(await later.prune(spec, { points: 1 }, nobody)).toMatchObject({
      removed: [],
      completed: old.toSorted(),
    });
    for (const point of old) expect(ofPoint(await keysOf(bench.stores), point)).toEqual([]);
  });

  test('never takes a point that is being written for what a prune left', async () => {
    await using bench = await workbench();
    // Another drill's point, prepared in both stores, whose `point.json` is still on its way.
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const slow = await bench.otherDrill((store) => ({
      ...store,
      write: async (key, body, options) => {
        if (key.endsWith('/point.json')) {
          reached.resolve();
          await go.promise;
        }
        return store.write(key, body, options);
      },
    }));
    const writing = backUp(slow, files);
    await reached.promise;
    await taken(bench, bench.repository, 2);
    expect(await bench.repository.prune(spec, { points: 1 }, nobody)).toMatchObject({
      removed: [expect.any(String)],
      completed: [],
    });
    go.resolve();
    const made = await writing;
    expect(await visible(bench.repository, 'one')).toContain(made.id);
    await noHalf(bench, 'written beside a prune');
  });

  test('removes nothing where a copy does not answer', async () => {
    await using bench = await workbench();
    await taken(bench, bench.repository, 2);
    const { repository } = await bench.reopened((store, name) =>
      name === 'two' ? { ...store, list: () => Promise.reject(new Error('unreachable')) } : store,
    );
    await expect(repository.prune(spec, { points: 1 }, nobody)).rejects.toThrow('unreachable');
    expect(await visible((await bench.reopened()).repository, 'one')).toHaveLength(2);
  });
});
