import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaves, type Page } from '../../../drivers/mysql/pages.ts';
import { bringsBack, liveRecords } from '../../../drivers/mysql/records.ts';
import { createConnections, run } from '../../../drivers/mysql/connections.ts';
import { systemClock } from '../../../core/clock.ts';
import { clientPoolSuite } from '../../suites/client-pool.ts';
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
    `ANALYZE TABLE ${table}`,
    'SET GLOBAL eq_range_index_dive_limit = 1',
    "UPDATE mysql.innodb_index_stats SET stat_value = 1 WHERE table_name = 'ledger_mysql' AND index_name = 'id' AND stat_name LIKE 'n_diff%'",
    `FLUSH TABLE ${table}`,
  );
}

test('no writer waits for the writer of other ids, even where the server would rather read the whole table', async () => {
  const attached = await stack.attach();
  const { workload } = attached;
  if (workload?.kind !== 'data') throw new Error('no workload of data');
  await workload.prepare();
  await misleadOptimizer();
  expect(await stack.sql(`EXPLAIN FORMAT = TRADITIONAL DELETE FROM ${table} WHERE id IN (3)`)).toMatchObject([
    { type: 'ALL' },
  ]);
  const { host, port } = await stack.service.endpoint(3306);
  const other = await mysql.createConnection({ host, port, user: 'root', password: stack.password });
  const client = await workload.open();
  try {
    await other.query('START TRANSACTION');
    await other.query(`INSERT INTO ${table} (id, value) VALUES (600, 'not committed')`);
    await client.write([601, 602, 603, 604], ['a', 'b', 'c', 'd']);
    await client.write([1], ['e']);
    await client.remove(2);
    expect([
      await client.read(604),
      await client.read(1),
      await client.read(2),
      await client.read(600),
    ]).toEqual(['d', 'e', null, null]);
  } finally {
    other.destroy();
    client.close();
    await attached.close();
  }
});

describe('the connections of its clients', () => {
  clientPoolSuite({
    server: () => stack.service.endpoint(3306),
    open: (clients, limit, patienceMs) =>
      createConnections({
        user: 'root',
        password: stack.password,
        tls: false,
        clients,
        clock: systemClock,
        limit,
        patienceMs,
      }),
    ask: (connection) => run(connection, 'SELECT 1'),
  });
});

describe.each(['DYNAMIC', 'COMPACT', 'REDUNDANT'])(
  'the records on the pages of a table in the format %s',
  (format) => {
    const name = `formats.t_${format.toLowerCase()}`;
    /** All leaves, as they are on disk while nobody writes. */
    async function pages(): Promise<Map<number, Page['bytes']>> {
      const { host, port } = await stack.service.endpoint(3306);
      const locking = await mysql.createConnection({ host, port, user: 'root', password: stack.password });
      try {
        await locking.query(`FLUSH TABLES ${name} FOR EXPORT`);
        const [row] = await stack.sql(
          `SELECT index_id AS id FROM information_schema.innodb_indexes JOIN information_schema.innodb_tables t USING (table_id) WHERE t.name = '${name.replace('.', '/')}' AND type & 1 = 1`,
        );
        const { stdout } = await stack.service.spawn(['cat', `/var/lib/mysql/${name.replace('.', '/')}.ibd`]);
        const found = new Map<number, Buffer>();
        for await (const { number, bytes } of leaves(stdout, 16_384, BigInt(String(row!['id']))))
          found.set(number, Buffer.from(bytes));
        return found;
      } finally {
        locking.destroy();
      }
    }
    const broughtBack = (older: ReadonlyMap<number, Buffer>, now: ReadonlyMap<number, Buffer>): number =>
      [...older].filter(([number, bytes]) => now.has(number) && bringsBack(bytes, now.get(number)!)).length;
    const rowsOn = (all: ReadonlyMap<number, Buffer>): number =>
      [...all.values()].reduce((sum, bytes) => sum + liveRecords(bytes).size, 0);

    test('are those that the server counts, and what was removed or changed is told from what was added', async () => {
      await stack.sql(
        'CREATE DATABASE IF NOT EXISTS formats',
        `CREATE TABLE ${name} (id INT PRIMARY KEY, email VARCHAR(60), age INT NULL) ROW_FORMAT = ${format}`,
        'SET SESSION cte_max_recursion_depth = 5000',
        `INSERT INTO ${name} WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT 2 * i, REPEAT('m', i % 60), IF(i % 3, i, NULL) FROM n`,
      );
      const atFirst = await pages();
      expect(rowsOn(atFirst)).toBe(3_000);
      await stack.sql(`DELETE FROM ${name} WHERE id IN (10, 400, 402, 3000)`);
      const removed = await pages();
      expect(rowsOn(removed)).toBe(2_996);
      expect(broughtBack(atFirst, removed)).toBeGreaterThanOrEqual(2);
      await stack.sql(`INSERT INTO ${name} VALUES (6001, 'a', 1), (6003, 'b', 2)`);
      const added = await pages();
      expect(rowsOn(added)).toBe(2_998);
      expect(broughtBack(removed, added)).toBe(0);
      await stack.sql(`UPDATE ${name} SET age = 7 WHERE id = 1000`);
      const changed = await pages();
      expect(rowsOn(changed)).toBe(2_998);
      expect(broughtBack(added, changed)).toBe(1);
    });
  },
);
