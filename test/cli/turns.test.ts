import { expect, test } from 'vitest';
import { takingTurns } from '../../cli/turns.ts';

/** Work that ends when it is told to. */
function pieces(
  count: number,
  places: number,
): { running: () => number[]; end(i: number, error?: Error): Promise<void>; results: Promise<unknown>[] } {
  const inTurn = takingTurns(places);
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
  const settle = (): Promise<void> => new Promise((go) => void setImmediate(go));
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
  await work.end(0, new Error('no'));
  expect(work.running()).toEqual([1]);
  await expect(work.results[0]).rejects.toThrow('no');
});

test('a place that came free is not given away twice', async () => {
  const inTurn = takingTurns(1);
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
