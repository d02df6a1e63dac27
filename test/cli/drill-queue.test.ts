import { expect, test } from 'vitest';
import { drillQueue } from '../../cli/drill-queue.ts';

const settle = (): Promise<void> => new Promise((go) => void setImmediate(go));

/** Work that ends when it is told to. */
function pieces(
  count: number,
  places: number,
): { running: () => number[]; end(i: number, error?: Error): Promise<void>; results: Promise<unknown>[] } {
  const inTurn = drillQueue(places);
  const running = new Set<number>();
  const ends: ((error?: Error) => void)[] = [];
  const results = Array.from({ length: count }, (_, i) =>
    inTurn(
      () =>
        new Promise((resolve, reject) => {
          running.add(i);
          ends[i] = (error) => {
            running.delete(i);
            if (error) reject(error);
            else resolve(i);
          };
        }),
    ),
  );
  for (const result of results) result.catch(() => undefined);
  return {
    running: () => [...running].sort(),
    results,
    end: (i, error) => {
      ends[i]!(error);
      return settle();
    },
  };
}

test('so many at a time, in the order in which they asked, whichever ends first', async () => {
  const work = pieces(5, 2);
  await settle();
  expect(work.running()).toEqual([0, 1]);
  await work.end(1);
  expect(work.running()).toEqual([0, 2]);
  await work.end(0);
  expect(work.running()).toEqual([2, 3]);
  await work.end(3);
  await work.end(2);
  expect(work.running()).toEqual([4]);
  await work.end(4);
  expect(await Promise.all(work.results)).toEqual([0, 1, 2, 3, 4]);
});

test('one that fails gives its turn on', async () => {
  const work = pieces(2, 1);
  await settle();
  await work.end(0, new Error('no'));
  expect(work.running()).toEqual([1]);
  await expect(work.results[0]).rejects.toThrow('no');
});

test('a place that came free is not given away twice', async () => {
  const inTurn = drillQueue(1);
  let most = 0;
  let now = 0;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      inTurn(async () => {
        most = Math.max(most, ++now);
        await new Promise((go) => void setImmediate(go));
        now -= 1;
      }),
    ),
  );
  expect({ most, now }).toEqual({ most: 1, now: 0 });
});

test('a place that was given on early is not given on again at the end', async () => {
  const inTurn = drillQueue(1);
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  const given: boolean[] = [];
  const begin = (name: string, early: boolean): Promise<void> =>
    inTurn(async (giveOn) => {
      running.add(name);
      if (early) given.push(giveOn(), giveOn());
      await new Promise<void>((end) => void ends.set(name, end));
      running.delete(name);
    });
  const all = [begin('first', true)];
  await settle();
  all.push(begin('second', false), begin('third', false));
  await settle();
  // It began before anybody waited for its place: that was free, and the second took it.
  expect([...running]).toEqual(['first', 'second']);
  ends.get('first')!();
  await settle();
  expect([...running]).toEqual(['second']);
  ends.get('second')!();
  await settle();
  expect([...running]).toEqual(['third']);
  ends.get('third')!();
  await Promise.all(all);
  expect(given).toEqual([false, false]);
});

test('who gives a place on early is told whether somebody waited for it', async () => {
  const inTurn = drillQueue(1);
  const told: boolean[] = [];
  let go!: () => void;
  const asked = new Promise<void>((resolve) => {
    go = resolve;
  });
  const piece = async (giveOn: () => boolean): Promise<void> => {
    await asked;
    told.push(giveOn());
  };
  const all = [inTurn(piece), inTurn(piece)];
  go();
  await Promise.all(all);
  expect(told).toEqual([true, false]);
});
