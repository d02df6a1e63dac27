import { expect, test } from 'vitest';
import { z } from 'zod';
import { actionParams } from '../../core/driver.ts';
import { linkParams, linkTo, withinParam } from '../../drivers/link.ts';

const schema = z.strictObject({ ...linkParams, within: withinParam });

test('the source itself, or the proxy that stands for it', () => {
  expect(linkTo('mysql', undefined, 3306)).toEqual({ host: 'mysql', port: 3306 });
  expect(linkTo('mysql', 'toxiproxy:13306', 3306)).toEqual({ host: 'toxiproxy', port: 13306 });
});

test('a wait is 60 s where none is given', () => {
  expect(actionParams('replicate', schema, { source: 'mysql' })).toEqual({
    source: 'mysql',
    within: { text: '60s', ms: 60_000 },
  });
});

test.each([
  ['nothing', {}, /source/],
  ['a proxy without a port', { source: 'mysql', through: 'toxiproxy' }, /through: service:port/],
  ['a wait without a unit', { source: 'mysql', within: '60' }, /within: a duration/],
  ['a name that there is not', { source: 'mysql', trough: 'toxiproxy:1' }, /trough/],
])('%s is refused as input, with what was expected', (_, given, expected) => {
  expect(() => actionParams('replicate', schema, given)).toThrow(
    expect.objectContaining({
      trouble: 'input',
      expected: expect.stringMatching(expected) as string,
    }) as Error,
  );
});
