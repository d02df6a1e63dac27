import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { late } from '../../support/server-rig.ts';
import { leftOutCases } from '../sql/left-out-cases.ts';
import { leftOutSuite } from '../sql/left-out-rig.ts';
import { judged, locksSuite } from '../sql/of-use-rig.ts';
import { ownRecordCases } from '../sql/own-record-cases.ts';
import { ownRecordSuite } from '../sql/own-record-rig.ts';
import { locks, settings, settingsBack } from './of-use-cases.ts';

/** A server that holds everything, and of which its application has no use. */
let stack: MysqlStack;
let attached: Attached;
let opened: Connection[] = [];

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach();
});
afterAll(() => stack?.down());

beforeEach(async () => {
  await stack.sql(
    'CREATE DATABASE IF NOT EXISTS app',
    'CREATE TABLE IF NOT EXISTS app.roles (id INT PRIMARY KEY, name VARCHAR(20))',
    "REPLACE INTO app.roles VALUES (1, 'member'), (2, 'admin')",
  );
});
afterEach(async () => {
  for (const connection of opened) connection.destroy();
  opened = [];
  const prepared = await stack.sql('XA RECOVER');
  await stack.sql(
    ...prepared.map(({ data }) => `XA ROLLBACK '${data as string}'`),
    ...settingsBack.map((name) => `SET GLOBAL ${name} = DEFAULT`),
  );
});

async function session(statements: readonly string[]): Promise<Connection> {
  const { host, port } = await stack.service.endpoint(3306);
  const connection = await mysql.createConnection({ host, port, user: 'root', password: stack.password });
  opened.push(connection);
  connection.on('error', () => undefined);
  for (const statement of statements) await connection.query(statement);
  return connection;
}
const inventory = () => attached.checks['inventory']!;
locksSuite(locks, {
  inventory,
  session,
  opening: ['BEGIN', 'DELETE FROM app.roles WHERE id = 2'],
  end: async (open) => {
    const looked = `SELECT 1 AS n FROM performance_schema.events_statements_current WHERE sql_text LIKE '%data_locks%' AND sql_text NOT LIKE '%events_%' AND end_event_id IS NOT NULL`;
    expect(
      await pollUntil(
        systemClock,
        { everyMs: 50, deadlineMs: 30_000 },
        async () => (await stack.sql(looked)).length > 0,
      ),
    ).toBe(true);
    await open.query('ROLLBACK');
  },
});

describe('a setting', () => {
  test.each(settings)('$name', async ({ statements, red }) => {
    const baseline = await inventory().before!();
    await stack.sql(...statements);
    judged(await inventory().after(baseline, null, await inventory().justBefore!()), red);
  });
});

describe('the inventory says what is gone as a whole, for nobody meant to touch it', () => {
  test.each<[string, string, string[]]>([
    ['a database whose tables are all empty', 'DELETE FROM app.roles', ['every table of app is empty']],
    ['a table that is missing', 'DROP TABLE app.roles', ['TABLE app.roles is missing']],
    ['not a row that an application removed', 'DELETE FROM app.roles WHERE id = 2', []],
  ])('%s', async (_name, statement, gone) => {
    const baseline = await inventory().before!();
    await stack.sql(statement);
    expect(await inventory().after(baseline, null, null)).toMatchObject({ verdict: 'fail', gone });
  });
});

leftOutSuite(
  leftOutCases('app'),
  'app',
  late(() => stack),
);
ownRecordSuite(
  ownRecordCases.mysql,
  late(() => stack),
);
