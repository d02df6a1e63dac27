import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { comparePasswords } from '../../../drivers/sql/kept-password.ts';
import { keepsPassword, passwordOf } from '../../../drivers/postgres/scram.ts';

/** As PostgreSQL 17.12 kept it of `tickets and answers`. */
const kept =
  'SCRAM-SHA-256$4096:uajmkrJhCjiXH0Qth2H/CQ==$tGUVAsL4W+tyv9AlU5yE5spg6uA2QfkLnmxUmSV4eh0=:0SKhpcK/XxEz7lQU0NpFzZ8d9r3DO7yBV7SJk43xl0E=';

test('a password is known by what the server keeps of it, whatever its salt', async () => {
  expect(await keepsPassword(kept, 'tickets and answers')).toBe(true);
});
test.each([
  ['another password', kept, 'tickets and answer'],
  ['another salt under the same key', kept.replace('uajmk', 'uajml'), 'tickets and answers'],
  ['a password kept by MD5', 'md5a3556571e93b0d20722ba62be61e8c2d', 'tickets and answers'],
  ['nothing', '', ''],
])('%s is not it', async (_what, stored, password) => {
  expect(await keepsPassword(stored, password)).toBe(false);
});

test('what MD5 keeps has the name of the role in it, and is known all the same', async () => {
  const known = [{ user: 'clerk', password: 'cl3rk' }];
  const md5 = `md5${createHash('md5').update('cl3rkclerk').digest('hex')}`;
  expect((await passwordOf('clerk', md5, known)).known).not.toBeNull();
  expect(await passwordOf('other', md5, known)).toMatchObject({ known: null, tried: [] });
  // The same password of the same role, whichever way it is kept.
  const [a, b] = await Promise.all([
    passwordOf('clerk', kept, [{ user: 'clerk', password: 'tickets and answers' }]),
    passwordOf('clerk', `md5${createHash('md5').update('tickets and answersclerk').digest('hex')}`, [
      { user: 'clerk', password: 'tickets and answers' },
    ]),
  ]);
  expect(comparePasswords(a, b)).toBe('same');
});
