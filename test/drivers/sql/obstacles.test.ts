import { expect, test } from 'vitest';
import { refuseObstacles } from '../../../drivers/sql/obstacles.ts';
import { noRowAtAll, usableOutcome } from '../../../drivers/sql/usable.ts';

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
  expect(usableOutcome(3, [])).toMatchObject({ verdict: 'pass', facts: { tables: 3, wrong: [] } });
  expect(usableOutcome(3, ['view a cannot be read'])).toMatchObject({
    verdict: 'fail',
    detail: 'view a cannot be read',
  });
  expect(noRowAtAll(3, { tables: 3 })).toMatchObject({
    verdict: 'fail',
    detail: 'not one row is in any of its 3 tables',
  });
});
