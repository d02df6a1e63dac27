import { expect, test } from 'vitest';
import { saying } from '../../stack/deadline.ts';
import { systemClock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';

test('what takes longer than its deadline is an environment error that says what it was and what to do', async () => {
  const never = new Promise<never>(() => undefined);
  await expect(
    withDeadline(systemClock, 'pulling redis:8', 20, never, 'ask the registry'),
  ).rejects.toMatchObject({
    trouble: 'environment',
    message: 'pulling redis:8 took longer than 20 ms',
    hint: 'ask the registry',
  });
});

test('what ends before is given as it is, a failure as well', async () => {
  expect(await withDeadline(systemClock, 'pulling', 60_000, Promise.resolve(7))).toBe(7);
  await expect(
    withDeadline(systemClock, 'pulling', 60_000, Promise.reject(new Error('no such image'))),
  ).rejects.toThrow('no such image');
});

test('a wait is told with its deadline', () => {
  expect(saying('pulling redis:8', 1_800_000)).toBe('pulling redis:8 (at most 30 min)');
});
