import { expect, test } from 'vitest';
import { liesElsewhere } from '../../../drivers/postgres/existing/read-views.ts';

test.each<[string, code: string, isFar: boolean, elsewhere: boolean]>([
  ['the other server cannot be reached', '08001', true, true],
  ['the same, asked by a function', '08001', false, true],
  ['a wrapper that cannot open it', 'HV00N', true, true],
  ['a log-in there that is not let in', '28P01', true, true],
  ['a file outside, by a foreign table', '58P01', true, true],
  ['no user mapping', '42704', true, true],
  ['a file of the server itself', '58P01', false, false],
  ['a type that is missing', '42704', false, false],
  ['what its owner may not read', '42501', true, false],
  ['a function that is missing', '42883', true, false],
  ['a damaged page', 'XX001', true, false],
  ['a server that went away', '', true, false],
])('a view that cannot be read: %s', (_, code, isFar, elsewhere) => {
  expect(liesElsewhere(code, isFar)).toBe(elsewhere);
});
