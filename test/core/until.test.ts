import { expect, test } from 'vitest';
import { z } from 'zod';
import { readUntil } from '../../core/until.ts';

const stops = { beforeMark: z.int(), beforeWord: z.string() };

test.each([['latest'], [{ beforeMark: 3 }], [{ beforeWord: 'x' }]] as const)('%j is read', (until) => {
  expect(readUntil(stops, until)).toEqual(until);
});

test.each([
  [{ beforeMrk: 3 }, /beforeMrk: names no place/],
  [{ beforeMark: 'x' }, /beforeMark: a whole number/],
  [{ beforeMark: 3, beforeWord: 'x' }, /more than one place/],
  [{}, /names no place/],
])('%j is refused by a driver that is asked for it all the same', (until, reason) => {
  expect(() => readUntil(stops, until)).toThrow(
    expect.objectContaining({ trouble: 'input', expected: expect.stringMatching(reason) }),
  );
});
