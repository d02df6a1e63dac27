import { expect, test } from 'vitest';
import { goneBy } from '../../stack/leftovers.ts';
import { currentOwner } from '../../stack/owner.ts';

const elsewhere = '77:5:00000000-0000-4000-8000-000000000000.4026531836:0123456789abcdef';
const another = elsewhere.replace('77', '78');
const made = (owner: string, daysAgo: number | null) => ({
  owner,
  madeMs: daysAgo === null ? null : Date.now() - daysAgo * 24 * 3_600_000,
});

test.each([
  ['all of it is older than a week', [8, 9], true],
  ['one thing of it is younger', [8, 6], false],
  ['it was made today', [0], false],
  ['its images alone are there, which have the time of a build', [null], false],
  ['the engine has no clock, and says nothing of some', [null, 8], true],
])("what an owner has that cannot be seen from here is nobody's where %s", (_, days, gone) => {
  const all = [
    ...days.map((one) => made(elsewhere, one)),
    made(another, 0),
    made('', 100),
    made('kept', 100),
  ];
  const isGone = goneBy(true)(all);
  expect(['', 'kept', another, currentOwner()].map(isGone)).toEqual([false, false, false, false]);
  expect(isGone(elsewhere)).toBe(gone);
});

test('what is left of it once most is removed is as old as that was', () => {
  const look = goneBy(true);
  expect(look([made(elsewhere, 8), made(elsewhere, null)])(elsewhere)).toBe(true);
  expect(look([made(elsewhere, null)])(elsewhere), 'its image').toBe(true);
  expect(look([made(elsewhere, 0)])(elsewhere), 'it goes on').toBe(false);
});
