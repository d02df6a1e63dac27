import { expect, test } from 'vitest';
import mysql from '../../../drivers/mysql/index.ts';
import { isOwnTable, ownSchemas, withoutOwn } from '../../../drivers/mysql/own-tables.ts';
import { ledgerTable } from '../../../drivers/mysql/workload.ts';

const site = (database?: string) => ({ component: 'db-1', config: mysql.config.parse({ database }) });

test('a database of its own is left out as a whole', () => {
  expect(ledgerTable(site())).toBe('muster.ledger_db_1');
  expect(ownSchemas(site())).toContain('muster');
  expect(isOwnTable(site(), { schema: 'muster', table: 'ledger_db_1' })).toBe(true);
  expect(isOwnTable(site(), { schema: 'shop', table: 'muster_ledger_db_1' })).toBe(false);
});

test("of an application's database nothing is left out but the tables of the load", () => {
  const shop = site('shop');
  expect(ledgerTable(shop)).toBe('shop.muster_ledger_db_1');
  expect(ownSchemas(shop)).not.toContain('shop');
  expect(
    withoutOwn(shop, {
      'shop.ledger_db_1': 'theirs',
      'shop.muster_ledger_db_1': 'ours',
      'other.muster_ledger_db_1': 'theirs, of another database',
    }),
  ).toEqual({ 'shop.ledger_db_1': 'theirs', 'other.muster_ledger_db_1': 'theirs, of another database' });
});
