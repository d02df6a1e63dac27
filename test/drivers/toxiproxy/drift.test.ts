import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { seededWords } from '../../../core/random.ts';
import { drawn, startDrift } from '../../../drivers/toxiproxy/drift.ts';

const draws = (seed: number): number[] => {
  const words = seededWords(seed);
  return Array.from({ length: 200 }, () => drawn(words, 100, 30));
};

test('the same seed draws the same latencies, another one others, all within the jitter', () => {
  expect(draws(7)).toEqual(draws(7));
  expect(draws(8)).not.toEqual(draws(7));
  expect(Math.min(...draws(7))).toBeGreaterThanOrEqual(70);
  expect(Math.max(...draws(7))).toBeLessThanOrEqual(130);
  expect(new Set(draws(7)).size).toBeGreaterThan(40);
});

test('it goes on until it is stopped, with pauses longer than any latency', async () => {
  const slept: number[] = [];
  const clock = {
    ...systemClock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      signal?.throwIfAborted();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const set: number[] = [];
  const drift = startDrift(
    clock,
    { latency: 400, jitter: 100, seed: 7 },
    async (latency) => void set.push(latency),
  );
  await expect.poll(() => set.length).toBeGreaterThan(5);
  await drift.stop();
  const count = set.length;
  await new Promise((resolve) => setImmediate(resolve));
  expect(set.length).toBe(count);
  expect(drift.set).toEqual(set);
  expect(Math.min(...slept)).toBeGreaterThan(500);
});

test('it ends by itself when the toxic is gone', async () => {
  const clock = { ...systemClock, sleep: async () => undefined };
  const drift = startDrift(clock, { latency: 400, jitter: 100, seed: 7 }, async () => {
    throw new Error('404');
  });
  await drift.stop();
  expect(drift.set).toEqual([]);
});
