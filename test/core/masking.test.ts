import { describe, expect, it } from 'vitest';
import { masked, maskStream, secretsIn } from '../../core/masking.ts';

const secret = 'sup3r-s3cret';
const streamed = (pieces: readonly string[], secrets: readonly string[]): string => {
  const mask = maskStream(secrets);
  return pieces.map((piece) => mask.take(piece)).join('') + mask.end();
};

describe('a text', () => {
  it('is shown without its secrets, and the longer of two is masked whole', () => {
    expect(masked(`a ${secret} b ${secret}er c`, [secret, `${secret}er`])).toBe('a *** b *** c');
  });
  it('keeps words too short to be secrets', () => {
    expect(masked('app apples', ['app'])).toBe('app apples');
  });
});

describe('a text in pieces', () => {
  const text = `before ${secret} and ${secret}${secret} after`;
  it('is masked wherever it is cut', () => {
    for (let at = 0; at <= text.length; at += 1) {
      for (let then = at; then <= text.length; then += 1) {
        expect(streamed([text.slice(0, at), text.slice(at, then), text.slice(then)], [secret])).toBe(
          'before *** and ****** after',
        );
      }
    }
  });
  it('is masked a character at a time, also where one secret begins like another', () => {
    expect(streamed([...`x ${secret}-longer y ${secret} z`], [secret, `${secret}-longer`])).toBe(
      'x *** y *** z',
    );
  });
  it('gives all of it where there is no secret', () => {
    expect(streamed([...text], [])).toBe(text);
    expect(streamed(['.*+?(', ')[]{}|^$\\'], ['never there'])).toBe('.*+?()[]{}|^$\\');
  });
  it('masks each line of a key in PEM, for scripts that print them one by one', () => {
    const key =
      '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----\n';
    expect(streamed(['line: MIGHAgEAMBM', 'GByqGSM49\n', 'whole: ', key], [key])).toBe(
      'line: ***\nwhole: ***',
    );
  });
});

it('variables that look secret by name are taken for secrets', () => {
  expect(secretsIn({ MYSQL_PASSWORD: 'a', API_KEY: 'b', PATH: 'c' })).toEqual(['a', 'b']);
});
