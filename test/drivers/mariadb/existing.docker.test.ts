import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExistingRestorer } from '../../../core/existing.ts';
import mariadbDriver from '../../../drivers/mariadb/index.ts';
import { dataFolderSuite, triesOf } from '../../support/existing-rig.ts';
import { oneServer } from '../../support/server-rig.ts';
import { severalSuite } from '../mysql/several-dumps.ts';
import { stackUp } from '../mysql-stack.ts';

const shop = [
  'CREATE DATABASE shop',
  "CREATE USER clerk@'%' IDENTIFIED BY 'of the shop'",
  "GRANT ALL ON shop.* TO clerk@'%'",
  'CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, placed DATETIME NOT NULL, word VARCHAR(40))',
  "INSERT INTO shop.orders (placed, word) SELECT '2026-11-28 00:00:00' + INTERVAL seq MINUTE, CONCAT('word ', seq) FROM shop.seq_1_to_500",
  "CREATE DEFINER=clerk@'%' VIEW shop.open_orders AS SELECT id FROM shop.orders",
  "CREATE DEFINER=clerk@'%' FUNCTION shop.twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
  "CREATE DEFINER=clerk@'%' TRIGGER shop.no_empty BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.word = COALESCE(NEW.word, '')",
];

describe('a dump of MariaDB that other tools made', () => {
  const { stack, attached } = oneServer(
    () => stackUp('mariadb', mariadbDriver),
    (up) => up.attach(),
  );
  let restorer: ExistingRestorer;
  let good: string;
  const tries = triesOf(() => restorer, { database: 'shop' });
  const { tried, usableOf } = tries;
  const mariadbDump = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await stack.service.exec(['mariadb-dump', '--user=root', ...args], {
      env: { MYSQL_PWD: stack.password },
    });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  /** Whose the definitions are: gone with a server that is made anew. */
  const makeClerk = () =>
    stack.sql("CREATE USER IF NOT EXISTS clerk@'%'", "GRANT ALL ON shop.* TO clerk@'%'");

  beforeAll(async () => {
    restorer = (await attached.existing())!;
    await stack.sql(...shop);
    good = await mariadbDump('--single-transaction', '--routines', '--events', 'shop');
  });

  it('is restored, with everything in it, and has the fingerprint of its source', async () => {
    const source = await restorer.fingerprint();
    expect(source.data['shop.orders']!.rows).toBe(500);
    expect(await usableOf(gzipSync(good))).toMatchObject({ verdict: 'pass' });
    expect(await restorer.objects('routines')).toEqual(['shop.twice']);
    expect(await restorer.objects('triggers')).toEqual(['shop.no_empty']);
    expect(await restorer.value(restorer.newestIn('orders', 'placed'))).toBe('2026-11-28 08:20:00');
    expect(await restorer.fingerprint()).toEqual(source);
  });
  it('says of itself that it is of MariaDB', async () => {
    expect(await tried(good)).toMatchObject({
      restored: {
        said: { tool: expect.stringMatching(/^mariadb-dump /), server: expect.stringMatching(/^MariaDB \d/) },
      },
    });
  });
  it.each<[string, () => string, 'other' | 'refused', RegExp]>([
    ['cut off', () => good.slice(0, good.lastIndexOf('-- Dump completed')), 'refused', /it is cut off/],
    [
      'of MySQL',
      () => '-- MySQL dump 10.13  Distrib 9.7.4\nCREATE TABLE t (id INT);\n',
      'other',
      /a dump of MySQL/,
    ],
    [
      'of a collation that only MySQL has',
      () => good.replaceAll(/utf8mb4_(?:uca1400|general)\w*_ci/g, 'utf8mb4_0900_no_such_ci'),
      'refused',
      /another product or version/,
    ],
  ])('is not restored when it is %s', async (_, text, is, said) => {
    expect(await tried(text())).toMatchObject({ is, why: expect.stringMatching(said) });
  });
  severalSuite(tries, {
    dump: (...args) => mariadbDump('--single-transaction', ...args),
    sql: (...statements) => stack.sql(...statements),
    good: () => good,
    prepare: makeClerk,
  });
  dataFolderSuite(tries, {
    service: () => stack.service,
    path: '/var/lib/mysql',
    good: () => good,
    prepare: makeClerk,
    again: makeClerk,
    cutAt: 3_000_000,
    isThere: async () => expect(await restorer.count('orders')).toBe(500),
    spoiled: async () => {
      await stack.sql(
        "CREATE TABLE shop.letters (id INT PRIMARY KEY, word LONGTEXT) SELECT id, REPEAT('word ', 4000) AS word FROM shop.orders LIMIT 200",
      );
      return { missing: 'shop/orders.ibd', garbled: 'shop/letters.ibd' };
    },
  });
});
