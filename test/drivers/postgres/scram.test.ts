import { expect, test } from 'vitest';
import { keepsPassword } from '../../../drivers/postgres/scram.ts';

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
