import { expect, test } from 'vitest';
import { grantsIn, holds } from '../../../drivers/mysql/grants.ts';

const grants = grantsIn([
  'GRANT USAGE ON *.* TO `app`@`%`',
  'GRANT SELECT, SHOW VIEW, LOCK TABLES ON `shop`.* TO `app`@`%`',
  'GRANT ALL PRIVILEGES ON `a\\_b`.* TO `app`@`%`',
  'GRANT EVENT ON `c_d%`.* TO `app`@`%` WITH GRANT OPTION',
  'GRANT INSERT ON `shop`.`orders` TO `app`@`%`',
  'GRANT SELECT (`id`), DROP ON `odd``name`.* TO `app`@`%`',
  'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `app`@`%`',
  'GRANT `keeper`@`%` TO `app`@`%`',
]);

test.each<[string, string, boolean]>([
  ['shop', 'SELECT', true],
  ['shop', 'LOCK TABLES', true],
  ['shop', 'INSERT', false],
  ['shop', 'EXECUTE', false],
  ['shopping', 'SELECT', false],
  ['a_b', 'DROP', true],
  ['axb', 'DROP', false],
  ['cxd_more', 'EVENT', true],
  ['c_d', 'EVENT', true],
  ['cd', 'EVENT', false],
  ['odd`name', 'DROP', true],
])('on %s it holds %s: %s', (database, privilege, expected) => {
  expect(holds(grants, database, privilege)).toBe(expected);
});

test('what is granted on everything is held on each database', () => {
  const root = grantsIn(['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION']);
  expect([holds(root, 'any', 'EVENT'), holds(root, '*', 'SUPER')]).toEqual([true, true]);
  const some = grantsIn(['GRANT SELECT, SET USER ON *.* TO `keeper`@`%`']);
  expect([holds(some, 'any', 'SELECT'), holds(some, '*', 'SET USER'), holds(some, 'any', 'DROP')]).toEqual([
    true,
    true,
    false,
  ]);
});
