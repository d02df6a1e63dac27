import mysql from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';

const table = 'muster.ledger_mysql';
let stack: MysqlStack;

beforeAll(async () => {
  stack = await mysqlStackUp();
});
afterAll(() => stack?.down());

/** As on a busy machine, where the server's figures lag: the index seems to be of no use. */
async function misleadOptimizer(): Promise<void> {
  await stack.sql(
    `ALTER TABLE ${table} STATS_AUTO_RECALC = 0`,
    `INSERT INTO ${table} (id, value) WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500) SELECT n, 'old' FROM numbers`,
    `ANALYZE TABLE ${table}`, 'SET GLOBAL eq_range_index_dive_limit = 1',
    "UPDATE mysql.innodb_index_stats SET stat_value = 1 WHERE table_name = 'ledger_mysql' AND index_name = 'id' AND stat_name LIKE 'n_diff%'", `FLUSH TABLE ${table}`,
  );
}

test('no writer waits for the writer of other ids, even where the server would rather read the whole table', async () => {
  const attached = await stack.attach();
  const { workload } = attached;
  if (workload?.kind !== 'data') throw new Error('no workload of data');
  await workload.prepare();
  await misleadOptimizer();
  expect(await stack.sql(`EXPLAIN FORMAT = TRADITIONAL DELETE FROM ${table} WHERE id IN (3)`)).toMatchObject([{ type: 'ALL' }]);
  const { host, port } = await stack.service.endpoint(3306);
  const other = await mysql.createConnection({ host, port, user: 'root', password: stack.password });
  const client = await workload.open();
  try {
    await other.query('START TRANSACTION');
    await other.query(`INSERT INTO ${table} (id, value) VALUES (600, 'not committed')`);
    await client.write([601, 602, 603, 604], ['a', 'b', 'c', 'd']);
    await client.write([1], ['e']);
    await client.remove(2);
    expect([await client.read(604), await client.read(1), await client.read(2), await client.read(600)]).toEqual(['d', 'e', null, null]);
  } finally {
    other.destroy();
    client.close();
    await attached.close();
  }
});
