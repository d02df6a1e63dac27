import { expect, test } from 'vitest';
import mysql from '../../../drivers/mysql/index.ts';
import { isOwnTable, isStranger, ownSchemas, withoutOwn } from '../../../drivers/mysql/own-tables.ts';
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

test.each(['muster_rolls', 'muster_', 'muster', 'ledger_db_1', 'Muster_ledger_db_1'])(
  "in the database of an application %s is the application's",
  (table) => expect(isOwnTable(site('shop'), { schema: 'shop', table })).toBe(false),
);

test("what lies in Muster's own database and is not Muster's is a stranger, and nowhere else", () => {
  const strange = (of: string, schema: string, table: string): boolean =>
    isStranger(site(of), { schema, table });
  expect(['orders', 'muster_rolls'].map((table) => strange('muster', 'muster', table))).toEqual([true, true]);
  expect(
    ['ledger_db_1', 'ledger_other', 'muster_attempt_0f'].map((table) => strange('muster', 'muster', table)),
  ).toEqual([false, false, false]);
  expect(strange('muster', 'shop', 'orders')).toBe(false);
  // Named by nobody as Muster's, it is compared as any other.
  expect(strange('shop', 'muster', 'orders')).toBe(false);
});
