import { expect, test } from 'vitest';
import { refuseObstacles } from '../../../drivers/sql/obstacles.ts';
import { nothingLookedAt, usableOutcome } from '../../../drivers/sql/usable.ts';

const obstacle = (names: string[]) => ({ what: 'what no dump has', names, hint: 'put it elsewhere' });

test('what names something is refused, with no more than five names; what names nothing is none', () => {
  expect(() => refuseObstacles('db', [])).not.toThrow();
  expect(() => refuseObstacles('db', [obstacle([])])).not.toThrow();
  expect(() => refuseObstacles('db', [obstacle([]), obstacle(['a', 'b', 'c', 'd', 'e', 'f'])])).toThrow(
    expect.objectContaining({
      message: 'a dump of db could not be restored: what no dump has',
      found: 'a, b, c, d, e and 1 more',
      expected: 'none',
      hint: 'put it elsewhere',
    }),
  );
});

test('what came back is of use where it holds rows and all that it defines can be used', () => {
  const looked = { ...nothingLookedAt(3, false), holding: 2 };
  expect(usableOutcome(looked, [])).toMatchObject({
    verdict: 'pass',
    detail: '2 of 3 tables hold rows, and what is defined can be used',
    facts: { tables: 3, holding: 2, wrong: [] },
  });
  expect(usableOutcome({ ...looked, whole: true, unseen: ['a.far'] }, [])).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(/^2 of 3 tables, each read to its end, hold rows.*; 1 were not looked at/),
  });
  expect(usableOutcome({ ...looked, holding: 0, unseen: ['a', 'b', 'c'] }, [])).toMatchObject({
    verdict: 'inconclusive',
    detail: 'none of its 3 tables could be looked at',
  });
  const told = 'constraint a.k is NOT VALID';
  const beside = { unseen: ['view a', 'view b', 'view c'], told: [told] };
  expect(usableOutcome(looked, [], beside)).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(
      /^2 of 3 .*can be used; 3 views were not looked at, .*; constraint a\.k is NOT VALID$/,
    ),
    facts: { unseen: beside.unseen, told: [told] },
  });
  expect(usableOutcome({ ...looked, holding: 0 }, [], beside)).toMatchObject({ verdict: 'fail' });
  expect(usableOutcome(looked, ['view a cannot be read'], beside)).toMatchObject({ verdict: 'fail' });
  expect(usableOutcome(looked, ['view a cannot be read'])).toMatchObject({
    verdict: 'fail',
    detail: 'view a cannot be read',
  });
  expect(usableOutcome({ ...looked, holding: 0, wrong: ['table a cannot be read'] }, [])).toMatchObject({
    verdict: 'fail',
    detail: 'table a cannot be read',
  });
  expect(usableOutcome({ ...looked, holding: 0 }, [])).toMatchObject({
    verdict: 'fail',
    detail: 'not one row is in any of its 3 tables',
  });
});
