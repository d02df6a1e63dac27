import { expect, test } from 'vitest';
import type { Inventory } from '../../../drivers/postgres/inventory.ts';
import { compareInventories, gone } from '../../../drivers/postgres/inventory-differences.ts';

const kept = { salt: 's', hash: 'h', known: null, tried: [], way: 'SCRAM-SHA-256' as const };
const inventory = (changes: Partial<Inventory> = {}): Inventory => ({
  definitions: { 'DATABASE app': 'a', 'TABLE public.things': 'b', 'INDEX public.things_pkey': 'c' },
  tables: { 'public.things': { rows: 2, sums: ['7', '9'] }, 'public.cache': { rows: 1, sums: ['1', '1'] } },
  leftOut: {},
  unlogged: ['public.cache'],
  sequences: { 'public.things_id_seq': { last: '10', step: '1', used: '10' } },
  invalid: [],
  strangers: [],
  roles: { app: { attributes: '[]', password: kept, memberOf: '' } },
  databases: {},
  settings: { 'setting work_mem': '4096' },
  slots: {},
  collations: [],
  startedAt: 'monday',
  ...changes,
});
const differences = (now: Partial<Inventory>, before: Partial<Inventory> = {}): string[] =>
  compareInventories(inventory(before), null, inventory(now)).differences;

test('nothing changed, nothing differs', () => {
  expect(compareInventories(inventory(), null, inventory())).toEqual({
    differences: [],
    remarks: [],
    untold: [],
  });
});

test.each<[string, Partial<Inventory>, RegExp]>([
  [
    'a row is missing',
    { tables: { ...inventory().tables, 'public.things': { rows: 1, sums: ['7', '9'] } } },
    /^rows of public\.things: 1 rows, 2 before$/,
  ],
  [
    'a row is another one',
    { tables: { ...inventory().tables, 'public.things': { rows: 2, sums: ['7', '8'] } } },
    /2 rows, and not all as before/,
  ],
  [
    'a sequence fell back',
    { sequences: { 'public.things_id_seq': { last: '9', step: '1', used: '9' } } },
    /sequence public\.things_id_seq: 9, was 10: numbers are given out a second time/,
  ],
  [
    'a sequence was reset',
    { sequences: { 'public.things_id_seq': { last: null, step: '1', used: '10' } } },
    /never used, was 10/,
  ],
  ['a role is missing', { roles: {} }, /^role app is missing$/],
  [
    'a role lost its password',
    { roles: { app: { attributes: '[]', password: null, memberOf: '' } } },
    /role app: its password is lost/,
  ],
  [
    'a role is in nobody any more',
    { roles: { app: { attributes: '["x"]', password: kept, memberOf: '' } } },
    /role app: other rights/,
  ],
  [
    'a role has another password',
    { roles: { app: { attributes: '[]', password: { ...kept, hash: 'other' }, memberOf: '' } } },
    /^role app: another password$/,
  ],
  ['an index is invalid', { invalid: ['public.things_name'] }, /index public\.things_name is invalid/],
  ['a setting is another', { settings: { 'setting work_mem': '64' } }, /^setting work_mem: 64, was 4096$/],
  ['an index was built under other rules', { collations: ['app'] }, /another version of its collation/],
  ['a slot is new', { slots: { old: 'physical' } }, /replication slot old was not there before/],
])('%s', (_, now, expected) => {
  expect(differences(now)).toEqual([expect.stringMatching(expected)]);
});

test('the same password, kept in a way that lets nobody in by SCRAM any more, is a difference', () => {
  const roles = (way: 'SCRAM-SHA-256' | 'MD5'): Partial<Inventory> => ({
    roles: {
      app: { attributes: '[]', password: { ...kept, salt: way, hash: way, known: 'k', way }, memberOf: '' },
    },
  });
  expect(differences(roles('MD5'), roles('SCRAM-SHA-256'))).toEqual([
    'role app: its password is kept by MD5, and was by SCRAM-SHA-256',
  ]);
  expect(differences(roles('SCRAM-SHA-256'), roles('MD5'))).toEqual([]);
});

test('a password of which only the salt tells is neither', () => {
  const roles = { app: { attributes: '[]', password: { ...kept, salt: 'new', hash: 'new' }, memberOf: '' } };
  expect(compareInventories(inventory(), null, inventory({ roles }))).toEqual({
    differences: [],
    remarks: [],
    untold: [expect.stringMatching(/^role app has its password with another salt/)],
  });
});

test('a sequence behind its rows is one where it was not so before', () => {
  const behind = { sequences: { 'public.things_id_seq': { last: '10', step: '1', used: '12' } } };
  expect(differences(behind)).toEqual([expect.stringMatching(/rows have numbers up to 12/)]);
  expect(differences(behind, behind)).toEqual([]);
});

test('what an older backup brings back, and what no backup keeps, is said and is no difference', () => {
  const last = { 'public.things_id_seq': { last: '12', step: '1', used: '12' } };
  const compared = compareInventories(
    inventory({ invalid: ['public.half_built'] }),
    last,
    inventory({
      startedAt: 'tuesday',
      tables: { ...inventory().tables, 'public.cache': { rows: 0, sums: null } },
    }),
  );
  expect(compared.differences).toEqual([]);
  expect(compared.remarks).toEqual([
    expect.stringMatching(/sequence public\.things_id_seq: 10, was 12.*just before the fault/),
    expect.stringMatching(/rows of public\.cache: 0 rows, 1 before; an unlogged table/),
    expect.stringMatching(/index public\.half_built was invalid before the load and is gone or built since/),
  ]);
});

test('an unlogged table that is empty without a start, or has other rows after one, is a difference', () => {
  const cache = (rows: number): Inventory['tables'] => ({
    ...inventory().tables,
    'public.cache': rows === 0 ? { rows, sums: null } : { rows, sums: ['2', '2'] },
  });
  expect(differences({ tables: cache(0) })).toHaveLength(1);
  expect(differences({ tables: cache(1), startedAt: 'tuesday' })).toHaveLength(1);
});

test('what is of no use to an application is named', () => {
  expect(gone(inventory(), inventory())).toEqual([]);
  expect(
    gone(
      inventory(),
      inventory({
        definitions: { 'DATABASE app': 'a' },
        tables: { 'public.cache': { rows: 1, sums: ['1', '1'] } },
      }),
    ),
  ).toEqual(['TABLE public.things is missing']);
  expect(gone(inventory(), inventory({ tables: { 'public.things': { rows: 0, sums: null } } }))).toEqual([
    'every table of public is empty',
  ]);
});
