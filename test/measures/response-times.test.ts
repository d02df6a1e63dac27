import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createResponseTimes, thresholdsOf } from '../../measures/response-times.ts';
import { strategySchema } from '../../core/strategy.ts';

const exact = (times: number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1]!;

test('a percentile is never below the exact one, and at most 4 % above it', () => {
  const durations = fc.array(fc.double({ min: 0.05, max: 500_000, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99, 1), (times, share) => {
      const kept = createResponseTimes(1);
      for (const time of times) kept.add(0, time);
      const wanted = exact(times, share);
      expect(kept.within(0, share)).toBeGreaterThanOrEqual(wanted * 0.999);
      expect(kept.within(0, share)).toBeLessThanOrEqual(wanted * 1.041);
    }),
  );
});

test('a bucket without an operation has no response time: not nought', () => {
  const kept = createResponseTimes(2);
  kept.add(1, 3);
  expect([kept.within(0, 0.5), kept.count(0), kept.count(1)]).toEqual([null, 0, 1]);
});

test('what is longer than ten minutes stands as ten minutes at least', () => {
  const kept = createResponseTimes(1);
  kept.add(0, 10_000_000);
  expect(kept.within(0, 0.5)).toBeGreaterThanOrEqual(600_000);
});

test('what is compared with comes from the strategy', () => {
  const strategy = strategySchema().parse({
    strategy: 's',
    stack: 'none',
    components: {},
    slo: { availability: '99.9%', over: '30d', slow: '800ms' },
    alerts: {
      a: { when: 'response-time', above: '2s', over: '1m' },
      b: { when: 'response-time', above: '2s', over: '5m' },
      c: { when: 'error-rate', above: '5%', over: '1m' },
    },
  });
  expect(thresholdsOf(strategy)).toEqual({ slowMs: 800, longerMs: [2_000] });
});
