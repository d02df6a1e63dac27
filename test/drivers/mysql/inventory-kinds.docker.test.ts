import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached, CheckOutcome } from '../../../core/driver.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { again, altered } from './inventory-kind-cases.ts';
import { sameSalt } from './same-salt.ts';

/**
 * Alter one thing, and the inventory names it; alter nothing that matters, and it is silent. One server for
 * all.
 */
let stack: MysqlStack;
let attached: Attached;

const settingsOfCases = ['max_connections', 'innodb_lock_wait_timeout', 'binlog_expire_logs_seconds'];

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach({ volatileTables: ['app.orders'] });
});
afterAll(() => stack?.down());

beforeEach(async () => {
  await stack.sql(
    'SET GLOBAL sql_mode = DEFAULT',
    'RESET PERSIST',
    ...settingsOfCases.map((name) => `SET GLOBAL ${name} = DEFAULT`),
    'SET PERSIST max_connections = 333',
    'SET PERSIST innodb_lock_wait_timeout = 7',
    'DROP DATABASE IF EXISTS app',
    'DROP DATABASE IF EXISTS archive',
    'DROP DATABASE IF EXISTS beside',
    'DROP USER IF EXISTS shop, leaver, gone, newcomer',
    'CREATE DATABASE app CHARACTER SET utf8mb4',
    'CREATE DATABASE archive',
    'CREATE DATABASE beside',
    'CREATE TABLE beside.item (id INT PRIMARY KEY)',
    'INSERT INTO beside.item VALUES (1)',
    "CREATE USER shop IDENTIFIED BY 'spring'",
    'GRANT SELECT ON app.* TO shop',
    "CREATE USER leaver IDENTIFIED BY 'word'",
    "CREATE USER gone IDENTIFIED BY 'x'",
    'GRANT SELECT ON app.* TO gone',
    `CREATE TABLE app.note (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(80) CHARACTER SET utf8mb4 NOT NULL, FULLTEXT KEY words (text))`,
    "INSERT INTO app.note (text) VALUES ('plain red fox'), (CONVERT(0xF09F9A80 USING utf8mb4)), (CONVERT(0xE6BCA2E5AD97 USING utf8mb4)), ('a lazy dog and a fox')",
    'CREATE TABLE app.item (id INT PRIMARY KEY, price INT NOT NULL, colour VARCHAR(10), CONSTRAINT dear CHECK (price > 0)) PARTITION BY HASH (id) PARTITIONS 4',
    "INSERT INTO app.item VALUES (1, 10, 'red'), (2, 20, 'blue')",
    'CREATE TABLE app.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 500',
    'CREATE TABLE app.hot (id INT PRIMARY KEY, label VARCHAR(40)) ENGINE = MEMORY',
    "INSERT INTO app.hot VALUES (1, 'in memory only')",
    'CREATE VIEW app.by_colour AS SELECT colour, COUNT(*) AS n FROM app.item GROUP BY colour',
    'CREATE DEFINER = gone VIEW app.labels AS SELECT text FROM app.note',
    'CREATE PROCEDURE app.raise_prices() UPDATE app.item SET price = price + 1',
    'CREATE FUNCTION app.with_tax(price INT) RETURNS INT DETERMINISTIC RETURN price * 12 DIV 10',
    "CREATE EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DO CALL app.raise_prices()",
  );
});

const sql =
  (...statements: string[]) =>
  (): Promise<unknown> =>
    stack.sql(...statements);
const restarted = async (): Promise<void> => {
  await attached.actions['restart']!({});
};

/**
 * Looked at, altered, looked at just before the fault where the case has something to do before it, altered,
 * judged.
 */
async function judged({
  beforeFault,
  afterFault,
}: {
  beforeFault?: string[];
  afterFault: () => Promise<unknown>;
}): Promise<CheckOutcome> {
  const check = attached.checks['inventory']!;
  const baseline = await check.before!();
  if (beforeFault) await stack.sql(...beforeFault);
  const justBefore = beforeFault ? await check.justBefore!() : null;
  await afterFault();
  return check.after(baseline, null, justBefore);
}

describe('the inventory names', () => {
  test.each(altered)('%s', async (_name, change, reasons) => {
    const outcome = await judged({ afterFault: sql(...change) });
    await stack.sql('SET GLOBAL innodb_ft_enable_stopword = ON');
    expect(outcome, outcome.detail).toMatchObject({ verdict: 'fail' });
    for (const reason of reasons)
      expect(JSON.stringify((outcome.facts as { differences: string[] }).differences)).toMatch(reason);
  });

  test('words that a search found, and finds no more in an index that was built otherwise', async () => {
    await stack.sql(
      'CREATE TABLE app.stop (value VARCHAR(30)) DEFAULT CHARSET utf8mb4',
      "INSERT INTO app.stop VALUES ('fox')",
    );
    const outcome = await judged({
      afterFault: sql(
        "SET SESSION innodb_ft_user_stopword_table = 'app/stop'",
        'ALTER TABLE app.note DROP KEY words',
        'ALTER TABLE app.note ADD FULLTEXT KEY words (text)',
      ),
    });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /full-text index app\.note\.words: words of 3 characters find \d+ rows, \d+ before/,
      ),
    });
  });
});

describe('accounts that are otherwise than just before the fault are named, and the restore was right to bring them', () => {
  test.each(Object.entries(again))('%s', async (_name, { beforeFault, afterFault, said }) => {
    const [row] = await stack.sql('SET SESSION print_identified_with_as_hex = ON', 'SHOW CREATE USER shop');
    const was = /AS (0x[0-9A-F]+)/.exec(Object.values(row!)[0] as string)![1]!;
    const outcome = await judged({
      beforeFault,
      afterFault: sql(...afterFault.map((one) => one.replace("'?'", was))),
    });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(said),
      facts: { remarks: expect.arrayContaining([expect.stringMatching(said)]) },
    });
  });
  test('but one that is neither as then nor as at the beginning is a fault', async () => {
    const [autumn, winter] = await Promise.all(
      ['autumn', 'winter'].map((one) => sameSalt(stack, 'shop', one)),
    );
    const outcome = await judged({ beforeFault: [autumn!], afterFault: sql(winter!) });
    expect(outcome).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('account shop@%: another password'),
    });
  });
  test('and one that stays as it was just before is no word worth', async () => {
    const outcome = await judged({
      beforeFault: ["ALTER USER shop IDENTIFIED BY 'autumn'", 'DROP USER leaver'],
      afterFault: sql('SELECT 1'),
    });
    expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass' });
    expect(outcome.detail).not.toMatch(/shop|leaver/);
  });
  test('numbers that an older backup gives out again are said as well', async () => {
    const outcome = await judged({
      beforeFault: ['ALTER TABLE app.orders AUTO_INCREMENT = 700'],
      afterFault: sql('ALTER TABLE app.orders AUTO_INCREMENT = 600'),
    });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('AUTO_INCREMENT of app.orders: 600, was 700'),
    });
  });
});

describe('the inventory is no fail', () => {
  test('when nothing is altered, and says which tables no snapshot covers', async () => {
    const outcome = await judged({ beforeFault: ['SELECT 1'], afterFault: sql('SELECT 1') });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      facts: {
        differences: [],
        unread: [],
        remarks: [
          expect.stringMatching(/^not compared, as the strategy has it, are the rows of app\.orders \(/),
          'no snapshot covers app.hot (MEMORY)',
          expect.stringMatching(/^event app\.nightly runs next in .*: what it does then was not seen$/),
        ],
      },
    });
  });
  test('when counters are higher and rows that the load changes are others', async () => {
    const outcome = await judged({
      beforeFault: ['INSERT INTO app.orders VALUES ()'],
      afterFault: sql('INSERT INTO app.orders VALUES (), ()', 'DELETE FROM app.orders ORDER BY id LIMIT 1'),
    });
    expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass', facts: { differences: [] } });
  });
  test('when a table in memory is empty after a start, which is named; settings, counters and views are as they were (F15)', async () => {
    const outcome = await judged({ afterFault: restarted });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining(
        'rows of app.hot: 0 rows, 1 before; engine MEMORY keeps nothing over a start',
      ),
    });
  });
  test('when a view did not select before either', async () => {
    await stack.sql('ALTER TABLE app.item DROP COLUMN colour');
    const outcome = await judged({ afterFault: sql('SELECT 1') });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('view app.by_colour did not select before either'),
    });
  });
});

describe('the inventory is inconclusive', () => {
  test('where not a row was there to be missed (F46)', async () => {
    await stack.sql(
      'DELETE FROM app.note',
      'DELETE FROM app.item',
      'DELETE FROM app.hot',
      'DELETE FROM beside.item',
    );
    const outcome = await judged({ afterFault: sql('SELECT 1') });
    expect(outcome).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringContaining('0 rows of 4 tables were compared'),
    });
  });
  test('for an account that cannot see everything, with what it cannot see', async () => {
    await stack.sql('GRANT ALL ON app.* TO app');
    const limited = await stack.attach({ user: 'app', passwordFrom: 'MYSQL_PASSWORD' });
    const baseline = await limited.checks['inventory']!.before!();
    const outcome = await limited.checks['inventory']!.after(baseline, null, null);
    expect(outcome).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringMatching(
        /cannot read whatever takes SELECT.* on \*\.\* to be seen; definition of FUNCTION app\.with_tax; definition of PROCEDURE app\.raise_prices; accounts/,
      ),
    });
    await stack.sql('DELETE FROM app.item');
    expect(
      await limited.checks['inventory']!.after(baseline, null, null),
      'what it sees it still judges',
    ).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('rows of app.item: 0 rows, 2 before'),
    });
  });
});
