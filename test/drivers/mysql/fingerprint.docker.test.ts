import { beforeAll, describe, expect, it } from 'vitest';
import { fingerprintAt } from '../../../drivers/mysql/existing/fingerprint.ts';
import { oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';

/** A fingerprint is of what its account sees: one that sees half would make half a backup look whole. */
const { stack } = oneServer(mysqlStackUp, (up) => up.attach());
const password = 'of the clerk';
const taken = async (database?: string, user = 'half') => {
  const { host, port } = await stack.service.endpoint(3306);
  return fingerprintAt({ host, port, user, password, database }, 'MySQL');
};
/** What `mysqldump` itself asks for, and no more. */
const usual = 'SELECT, SHOW VIEW, LOCK TABLES, TRIGGER';

beforeAll(async () => {
  await stack.sql(
    'SET GLOBAL event_scheduler = OFF',
    'CREATE DATABASE shop_a',
    'CREATE TABLE shop_a.orders (id INT PRIMARY KEY)',
    'INSERT INTO shop_a.orders VALUES (1), (2)',
    'CREATE PROCEDURE shop_a.close_day () DELETE FROM shop_a.orders',
    'CREATE EVENT shop_a.purge ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop_a.orders',
    `CREATE USER half@'%' IDENTIFIED BY '${password}'`,
    `GRANT ${usual} ON shop_a.* TO half@'%'`,
    `CREATE USER whole@'%' IDENTIFIED BY '${password}'`,
    "GRANT ALL ON `shop\\_a`.* TO whole@'%'",
    "GRANT SHOW_ROUTINE ON *.* TO whole@'%'",
    `CREATE USER unseeing@'%' IDENTIFIED BY '${password}'`,
    "GRANT ALL ON `shop\\_a`.* TO unseeing@'%'",
  );
});

describe('the fingerprint of a server', () => {
  it('is not taken by an account that does not see events and routines, and says so', async () => {
    await expect(taken('shop_a')).rejects.toMatchObject({
      trouble: 'environment',
      found: 'whatever takes EVENT, EXECUTE on shop_a.* to be seen',
    });
  });
  it('is not taken of a whole server by an account of one database', async () => {
    await expect(taken(undefined, 'whole')).rejects.toMatchObject({
      trouble: 'environment',
      found: expect.stringMatching(/SELECT.* on \*\.\*/),
    });
  });
  it('is not taken where the text of a routine is kept from the account', async () => {
    await expect(taken('shop_a', 'unseeing')).rejects.toMatchObject({
      trouble: 'environment',
      message: 'the account may not see the text of procedure shop_a.close_day',
    });
  });
  it('is taken of one database by an account that sees all of that, as root would take it', async () => {
    const { fingerprint } = await taken('shop_a', 'whole');
    expect(fingerprint.data['shop_a.orders']!.rows).toBe(2);
    expect(Object.keys(fingerprint.definitions)).toEqual(
      expect.arrayContaining(['event shop_a.purge', 'procedure shop_a.close_day', 'table shop_a.orders']),
    );
    await stack.sql(
      `CREATE USER IF NOT EXISTS boss@'%' IDENTIFIED BY '${password}'`,
      "GRANT ALL ON *.* TO boss@'%'",
    );
    expect((await taken('shop_a', 'boss')).fingerprint).toEqual(fingerprint);
  });
});
