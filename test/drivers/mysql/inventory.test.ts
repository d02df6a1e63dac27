import { describe, expect, test } from 'vitest';
import { compareInventories } from '../../../drivers/mysql/inventory-differences.ts';
import { chosenWords } from '../../../drivers/mysql/inventory-fulltext.ts';
import type { Inventory } from '../../../drivers/mysql/inventory.ts';

const held = (change: Partial<Inventory> = {}): Inventory => ({
  definitions: {},
  tables: {},
  leftOut: {},
  otherEngines: {},
  accounts: {},
  orphans: {},
  counters: {},
  views: {},
  fulltext: {},
  derived: {},
  persisted: {},
  extensions: [],
  settings: {},
  startedAt: 1_000,
  replicated: false,
  unread: [],
  strangers: [],
  ...change,
});
const counting = (next: string, used: string, change: Partial<Inventory> = {}): Inventory =>
  held({ counters: { 'app.orders': { next, used } }, ...change });

describe('a counter', () => {
  test.each<[string, Inventory, Inventory, number, number]>([
    ['that fell is a fault', counting('1024', '1000'), counting('1001', '1000'), 1, 0],
    ['that stays is none', counting('1024', '1000'), counting('1024', '1000'), 0, 0],
    [
      'that rose is none',
      counting('1024', '1000'),
      counting('18446744073709551615', '18446744073709551614'),
      0,
      0,
    ],
    [
      'of a server made by replication may lack what no row had, which is said',
      counting('1024', '1000'),
      counting('1001', '1000', { replicated: true }),
      0,
      1,
    ],
    [
      "of a server made by replication must not give a row's number again",
      counting('1024', '1000'),
      counting('1000', '999', { replicated: true }),
      1,
      0,
    ],
    [
      'of a table in memory begins anew with the server',
      counting('9', '8', { otherEngines: { 'app.orders': 'MEMORY' } }),
      counting('1', '0', { otherEngines: { 'app.orders': 'MEMORY' }, startedAt: 2_000 }),
      0,
      1,
    ],
  ])('%s', (_name, before, now, differences, remarks) => {
    const found = compareInventories(before, null, now);
    expect([found.differences.length, found.remarks.length], JSON.stringify(found)).toEqual([
      differences,
      remarks,
    ]);
  });
  test('that was emptied while all was well counts from there', () => {
    const now = counting('5', '4');
    expect(
      compareInventories(
        counting('100', '99'),
        { accounts: null, counters: now.counters, held: [], leftOut: {} },
        now,
      ),
    ).toEqual({ differences: [], remarks: [], untold: [] });
  });
});

test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
  ['is lost', { max_connections: '333' }, {}, ['persisted setting max_connections is lost, was 333']],
  [
    'came from nowhere',
    {},
    { max_connections: '10' },
    ['persisted setting max_connections is 10, was not persisted'],
  ],
  [
    'came with a replica that was made',
    { rpl_semi_sync_source_enabled: 'ON' },
    { replica_net_timeout: '6', slave_net_timeout: '6', rpl_semi_sync_source_enabled: 'OFF' },
    [],
  ],
  [
    'of replication is lost',
    { replica_net_timeout: '30' },
    {},
    ['persisted setting replica_net_timeout is lost, was 30'],
  ],
])('a persisted setting that %s', (_name, before, now, differences) => {
  expect(compareInventories(held({ persisted: before }), null, held({ persisted: now })).differences).toEqual(
    differences,
  );
});

test('a persisted setting of replication belongs to a role: another server that took over need not have it, and must have all others', () => {
  const before = held({ persisted: { rpl_semi_sync_source_enabled: 'ON', max_connections: '333' } });
  expect(compareInventories(before, null, held({ replicated: true })).differences).toEqual([
    'persisted setting max_connections is lost, was 333',
  ]);
});

test('words of every length are looked for, the same ones each time', () => {
  expect(chosenWords(['Ein Hund, a dog', 'und ein Haus – 漢字 an if of so'])).toEqual(
    chosenWords(['und ein Haus – 漢字 an if of so', 'Ein Hund, a dog']),
  );
  expect(chosenWords(['a bb cc dd ee ff'])).toEqual(['a', 'bb', 'cc', 'dd', 'ee']);
});
