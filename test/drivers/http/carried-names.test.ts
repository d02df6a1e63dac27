import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { valueFor } from '../../../core/ledger.ts';
import { carriedIn, type Carried, type Named } from '../../../drivers/http/carried.ts';
import { lookedUp } from './carried-cases.ts';
import { base64, coded, sealed, signature, signed } from './carried-kinds.ts';

const values = [valueFor(1, 1, 1), valueFor(1, 2, 1)] as const;
const lettersOf = (value: string): string =>
  signature(value, 16).replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!);
/** As RFC 9562 forms version 5. */
const digestUuid = (value: string): string =>
  signature(value, 16).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-5$3-8$4-$5');
const url = 'https://a.example/n';
/** By the names of two records. */
test.each<[name: string, of: (value: string) => string, Carried]>([
  ['the value, signed', (value) => `${value}.${signature(value, 32)}`, 'value'],
  ['the value, signed by 64 bits', (value) => `${value}.${signature(value, 8)}`, 'value'],
  ['the value with a signature that follows', (value) => `${value}${signature(value, 16)}`, 'value'],
  ['base64 of the value', base64, 'value'],
  ['the same behind a prefix', (value) => `v1_${base64(value)}`, 'value'],
  ['base64 of its bytes', (value) => Buffer.from(value, 'hex').toString('base64'), 'value'],
  ['hexadecimal of the value', (value) => Buffer.from(value).toString('hex'), 'value'],
  ['a signed token that holds it', (value) => signed({ note: value }), 'value'],
  ['a token of 256 bits', () => randomBytes(32).toString('hex'), 'perhaps'],
  ['a token of 256 bits in base64', () => randomBytes(32).toString('base64'), 'perhaps'],
  ['the value in other letters, signed', (value) => coded.nameOf({ ref: '1', note: value }), 'perhaps'],
  ['a sealed token', (value) => sealed.nameOf({ ref: '1', note: value }), 'perhaps'],
  ['the value in a URL that signs it', (value) => `${url}?v=${value}&sig=${signature(value, 16)}`, 'value'],
  ['the same, by SHA-1', (value) => `${url}?v=${value}&sig=${signature(value, 20)}`, 'value'],
  ['the same, by SHA-256', (value) => `${url}?v=${value}&sig=${signature(value, 32)}`, 'value'],
  [
    'the same, by letters that are no digits',
    (value) => `${url}?v=${value}&sig=${lettersOf(value)}`,
    'value',
  ],
  ['the same, before a key id', (value) => `${url}/${signature(value, 16)}-key-2026-11/${value}`, 'value'],
  ['the value and its signature in a path', (value) => `/n/${value}/${signature(value, 16)}`, 'value'],
  ['the same, of a UUID that is a digest', (value) => `/n/${value}/${digestUuid(value)}`, 'value'],
  ['the same, in a relative path', (value) => `uploads/2026/11/30/${signature(value, 16)}/${value}`, 'value'],
  ['a sealed token in a URL', (value) => `/share/${sealed.nameOf({ ref: '1', note: value })}`, 'perhaps'],
  ['a signed token in a URL', (value) => `${url}?t=${signed({ note: value })}&page=1`, 'value'],
  ...lookedUp.map(([name, of]) => [name, of, null] satisfies [string, (value: string) => string, Carried]),
])('%s', (_, of, expected) => {
  const [one, other] = values.map((value) => ({ name: of(value), value })) as [Named, Named];
  expect(carriedIn(one.name, one.value, other)).toBe(expected);
  // Of one name alone nothing is called harmless that is not.
  if (expected !== null) expect(carriedIn(one.name, one.value)).toBe(expected);
});
