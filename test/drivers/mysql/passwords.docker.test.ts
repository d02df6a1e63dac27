import { beforeEach, describe, expect, test } from 'vitest';
import mysqlDriver from '../../../drivers/mysql/index.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
import { oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { passwordCases } from './password-cases.ts';
import { sameSalt } from './same-salt.ts';

/** A server chooses another salt whenever a password is set: that alone says nothing of the password. */
const { stack, attached } = oneServer(mysqlStackUp, (one) => one.attach());
const said = (name: string): string => stack.service.env[name]!;

beforeEach(async () => {
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.t (id INT PRIMARY KEY)',
    'INSERT INTO app.t VALUES (1)',
    'DROP USER IF EXISTS clerk, old, turning',
    "CREATE USER clerk IDENTIFIED BY 'first-password'",
    "CREATE USER turning IDENTIFIED BY 'the older one'",
    "ALTER USER turning IDENTIFIED BY 'the newer one' RETAIN CURRENT PASSWORD",
    `ALTER USER app IDENTIFIED BY '${said('MYSQL_PASSWORD')}'`,
    `ALTER USER root@localhost IDENTIFIED BY '${stack.password}'`,
  );
});

describe('of passwords the inventory says what can be said', () => {
  test.each(passwordCases)('$name: $verdict', async ({ change, verdict, said: words }) => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    const how = change(said('MYSQL_PASSWORD'));
    await stack.sql(typeof how === 'string' ? how : await sameSalt(stack, how.account, how.sameSalt));
    const found = await inventory.after(before);
    expect(found, found.detail).toMatchObject({ verdict, detail: expect.stringMatching(words) });
  });

  test('where root is made anew with the password that Muster comes in by, nothing is another one', async () => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await stack.sql(
      `ALTER USER root@'%' IDENTIFIED BY '${stack.password}', root@localhost IDENTIFIED BY '${stack.password}'`,
    );
    const found = await inventory.after(before, null, await inventory.justBefore!());
    expect(found, found.detail).toMatchObject({ verdict: 'pass' });
  });

  test('of an account whose password the strategy says, whether it is another one', async () => {
    const told = await stack.attach({ passwords: { clerk: 'MYSQL_PASSWORD' } });
    const inventory = told.checks['inventory']!;
    const set = (password: string): Promise<unknown> =>
      stack.sql(`ALTER USER clerk IDENTIFIED BY '${password}'`);
    await set(said('MYSQL_PASSWORD'));
    const before = await inventory.before!();
    await set(said('MYSQL_PASSWORD'));
    const same = await inventory.after(before);
    await set('another');
    const other = await inventory.after(before);
    expect([same.verdict, other.verdict], `${same.detail}; ${other.detail}`).toEqual(['pass', 'fail']);
    expect(other.detail).toMatch(/account clerk@%: another password$/);
  });

  test('neither passwords nor what is kept of them is in what is recorded', async () => {
    const recorded = JSON.stringify(await attached.checks['inventory']!.before!());
    expect(recorded).not.toContain(stack.password);
    expect(recorded).not.toContain(said('MYSQL_PASSWORD'));
    expect(recorded).not.toMatch(/\$A\$|244124/);
  });
});

test('what Muster computes with a stored salt is what the server lets in by', async () => {
  await stack.sql(
    await sameSalt(stack, 'clerk', 'Größe – 漢字, and longer than the thirty-two bytes of a digest'),
  );
  const asClerk = (password: string): Promise<unknown> =>
    withSession(
      { service: stack.service, password, config: mysqlDriver.config.parse({ user: 'clerk' }), tls: true },
      ({ rows }) => rows('SELECT 1'),
    );
  await asClerk('Größe – 漢字, and longer than the thirty-two bytes of a digest');
  await expect(asClerk('first-password')).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
});
