import { expect, test } from 'vitest';
import { environmentError, messageOf } from '../../core/errors.ts';

test.each<[string, unknown, string]>([
  [
    'what was found belongs to it',
    environmentError('mysqldump ended with code 2', {
      found: 'Lock wait timeout exceeded',
      expected: 'code 0',
    }),
    'mysqldump ended with code 2: Lock wait timeout exceeded',
  ],
  [
    'causes follow',
    new Error('outer', { cause: environmentError('inner', { found: 'this' }) }),
    'outer: inner: this',
  ],
  [
    'nothing is said twice',
    environmentError('outer', { found: 'refused', cause: new Error('refused') }),
    'outer: refused',
  ],
  ['an error without words has its code', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
  ['what is no error is said as it is', 'words', 'words'],
])('in one line: %s', (_name, error, line) => expect(messageOf(error)).toBe(line));
