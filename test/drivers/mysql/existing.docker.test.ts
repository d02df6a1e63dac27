import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ExistingRestorer } from '../../../core/existing.ts';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from '../../support/muster.ts';
import { findingsThat } from '../../support/real-drill.ts';
import { mysqlStrategy } from '../../support/small-drills.ts';
import { cameOf, dataFolderSuite, triesOf } from '../../support/existing-rig.ts';
import { severalSuite } from './several-dumps.ts';
import { oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';

/** Longer values lie in pages of their own, beside those of the rows. */
const filler =
  "CREATE TABLE shop.letters (id INT PRIMARY KEY, word LONGTEXT) SELECT id, REPEAT('word ', 4000) AS word FROM shop.orders LIMIT 200";

/** A shop with one of each kind: made by an account of its own, as applications do. */
const shop = [
  'CREATE DATABASE shop',
  "CREATE USER clerk@'%' IDENTIFIED BY 'of the shop'",
  "GRANT ALL ON shop.* TO clerk@'%'",
  'CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(40))',
  'CREATE TABLE shop.orders (id INT PRIMARY KEY, customer INT, placed DATETIME NOT NULL, word VARCHAR(40), FOREIGN KEY (customer) REFERENCES shop.customers (id))',
  "INSERT INTO shop.customers VALUES (1, 'Zoë 🙂'), (2, 'O''Brien')",
  "INSERT INTO shop.orders SELECT n, 1 + n % 2, '2026-11-28 00:00:00' + INTERVAL n MINUTE, CONCAT('; -- \\\\! word ', n) FROM (WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 500) SELECT n FROM s) AS t",
  "CREATE DEFINER=clerk@'%' VIEW shop.open_orders AS SELECT id FROM shop.orders",
  "CREATE DEFINER=clerk@'%' FUNCTION shop.twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
  "CREATE DEFINER=clerk@'%' TRIGGER shop.no_empty BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.word = COALESCE(NEW.word, '')",
  "CREATE DEFINER=clerk@'%' EVENT shop.purge ON SCHEDULE EVERY 1 SECOND DO DELETE FROM shop.orders LIMIT 1",
];

describe('a dump of MySQL that other tools made', () => {
  const { stack, attached } = oneServer(mysqlStackUp, (up) => up.attach());
  let restorer: ExistingRestorer;
  let good: string;
  const dumps: Record<string, string> = {};
  const mysqldump = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await stack.service.exec(['mysqldump', '--user=root', ...args], {
      env: { MYSQL_PWD: stack.password },
    });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const tries = triesOf(() => restorer, { database: 'shop' });
  const { tried, usableOf, whyOf } = tries;
  /** Whose the definitions are: gone with a server that is made anew. */
  const makeClerk = () =>
    stack.sql("CREATE USER IF NOT EXISTS clerk@'%'", "GRANT ALL ON shop.* TO clerk@'%'");

  beforeAll(async () => {
    restorer = (await attached.existing())!;
    await stack.sql('SET GLOBAL event_scheduler = OFF', ...shop);
    const all = ['--single-transaction', '--set-gtid-purged=OFF', '--routines', '--events', '--triggers'];
    good = await mysqldump(...all, 'shop');
    dumps['left-out'] = await mysqldump(
      '--single-transaction',
      '--set-gtid-purged=OFF',
      '--skip-triggers',
      'shop',
    );
    dumps['one-table'] = await mysqldump('--single-transaction', '--set-gtid-purged=OFF', 'shop', 'orders');
    dumps['no-rows'] = await mysqldump('--no-data', '--set-gtid-purged=OFF', 'shop');
    dumps['databases'] = await mysqldump(...all, '--databases', 'shop');
    dumps['everything'] = await mysqldump(...all, '--flush-privileges', '--all-databases');
    dumps['with-gtids'] = await mysqldump(
      '--single-transaction',
      '--routines',
      '--events',
      '--all-databases',
    );
  });

  it('is restored, with everything in it, where nothing else is left', async () => {
    await stack.sql('CREATE DATABASE left_over', 'CREATE TABLE left_over.rest (id INT)');
    const came = await tried(gzipSync(good));
    expect(came, came.is === 'restored' ? came.usable.detail : came.why).toMatchObject({
      is: 'restored',
      layers: ['gzip'],
      restored: { said: { tool: expect.stringMatching(/^mysqldump \d/), database: 'shop' } },
      usable: { verdict: 'pass' },
    });
    if (came.is === 'restored') expect(came.restored.said.madeAt).toMatch(/^20\d\d-\d\d-\d\d /);
    expect(await restorer.objects('tables')).toEqual(['shop.customers', 'shop.orders']);
    expect(await restorer.objects('routines')).toEqual(['shop.twice']);
    expect(await restorer.objects('triggers')).toEqual(['shop.no_empty']);
    expect(await restorer.objects('events')).toEqual(['shop.purge']);
    expect(await restorer.objects('users')).toContain('clerk@%');
    expect(restorer.accountsBefore(), 'it brought none').toContain('clerk@%');
    expect(await restorer.count('orders'), 'its event never ran').toBe(500);
    expect(await restorer.count('nothing')).toBeNull();
    expect(await restorer.value(restorer.newestIn('orders', 'placed'))).toBe('2026-11-28 08:20:00');
    expect(await restorer.value("SELECT name = 'Zoë 🙂' FROM customers WHERE id = 1")).toBe('1');
  });
  it('that makes its own database needs none', async () => {
    expect(await usableOf(dumps['databases']!, { database: undefined })).toMatchObject({ verdict: 'pass' });
    expect(await restorer.count('shop.orders')).toBe(500);
  });
  it('of the whole server brings its accounts as well', async () => {
    await stack.sql("DROP USER IF EXISTS clerk@'%'");
    expect(await usableOf(dumps['everything']!, { database: undefined })).toMatchObject({ verdict: 'pass' });
    expect(await restorer.objects('users')).toContain('clerk@%');
    expect(restorer.accountsBefore()).toEqual([]);
  });
  severalSuite(tries, {
    dump: (...args) => mysqldump('--single-transaction', '--set-gtid-purged=OFF', ...args),
    sql: (...statements) => stack.sql(...statements),
    good: () => good,
    prepare: makeClerk,
  });

  describe('of the whole server, made when root had another password', () => {
    const asRootOfThere = async (statement: string): Promise<void> => {
      const env = { MYSQL_PWD: stack.password };
      const argv = ['mysql', '--user=root', '--execute', statement];
      expect(await stack.service.exec(argv, { env })).toMatchObject({ code: 0 });
    };
    const rootHas = (password: string) =>
      asRootOfThere(`FLUSH PRIVILEGES; ALTER USER root@'%' IDENTIFIED BY '${password}'`);
    let ofThen: string;
    beforeAll(async () => {
      await rootHas('of then');
      ofThen = await mysqldump('--single-transaction', '--set-gtid-purged=OFF', '--all-databases');
      await rootHas(stack.password);
    });
    it('is restored where the password of now was made for this run: nobody could have kept it', async () => {
      const came = await cameOf(restorer, Buffer.from(ofThen), {}, null, (it) => it === stack.password);
      expect(came, JSON.stringify(came)).toMatchObject({ is: 'restored', usable: { verdict: 'pass' } });
      expect(stack.notes.at(-1)).toMatch(/^the backup has other passwords of root, /);
    });
    it('is refused where that is what the user says, with what would let Muster in', async () => {
      expect(await whyOf(ofThen, { database: undefined })).toMatch(
        /no longer lets root in: the dump brought other accounts.*MYSQL_ROOT_PASSWORD/,
      );
      await rootHas(stack.password);
    });
  });

  it.each<[string, () => string | Uint8Array, RegExp]>([
    ['empty', () => '', /it is empty/],
    ['cut off in the middle of its rows', () => good.slice(0, Math.floor(good.length * 0.6)), /cut off/],
    ['without its last line', () => good.slice(0, good.lastIndexOf('-- Dump completed')), /it is cut off/],
    ['cut off in its gzip', () => gzipSync(good).subarray(0, 1500), /its gzip ends in the middle/],
    ['damaged in its gzip', () => gzipSync(good).fill(0x33, 700, 760), /its gzip is damaged/],
    [
      'what the tool complained of',
      () => "mysqldump: Got error: 1045: Access denied for user 'root'@'localhost'\n",
      /complained of in the place of a dump: mysqldump: Got error: 1045/,
    ],
    ['a page of HTML', () => '<html>504 Gateway Time-out</html>', /not a dump of MySQL/],
    [
      'of a newer server',
      () => good.replace(/^-- Server version.*$/m, '-- Server version\t99.1.0'),
      /made on MySQL 99\.1\.0/,
    ],
    [
      'with a collation of another product',
      () => good.replaceAll('utf8mb4_0900_ai_ci', 'utf8mb4_uca1400_ai_ci'),
      /another product or version.*utf8mb4_uca1400_ai_ci/,
    ],
    ['without a table', () => '-- CREATE TABLE comes to nothing\nSELECT 1;\n', /no table came of it/],
  ])('is refused when it is %s', async (_, text, said) => {
    expect(await whyOf(text())).toMatch(said);
  });

  it.each<[string, () => string, RegExp]>([
    [
      'of another database',
      () => good.replace('Database: shop', 'Database: blog'),
      /a dump of database blog, and not of shop/,
    ],
    [
      'of PostgreSQL',
      () => '--\n-- PostgreSQL database dump\n--\nCREATE TABLE t ();\n',
      /a dump of PostgreSQL/,
    ],
    ['an archive of pg_dump', () => `PGDMP\u0001\u000f`, /an archive of pg_dump/],
    [
      'of MariaDB',
      () => '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\nCREATE TABLE t (id INT);\n',
      /a dump of MariaDB/,
    ],
    ['a snapshot of Redis', () => 'REDIS0012', /a snapshot \(RDB\) of Redis/],
  ])('is passed over when it is %s', async (_, text, said) => {
    const came = await tried(text());
    expect(came).toMatchObject({ is: 'other', why: expect.stringMatching(said) });
  });

  it('of which routines, triggers and events were left out does not have them', async () => {
    await makeClerk();
    expect(await usableOf(dumps['left-out']!)).toMatchObject({ verdict: 'pass' });
    for (const kind of ['routines', 'triggers', 'events'] as const)
      expect(await restorer.objects(kind), kind).toEqual([]);
  });
  it.each<[string, string, RegExp]>([
    [
      'a table is missing that another refers to',
      'one-table',
      /orders refers to shop\.customers, a table that is missing/,
    ],
    ['no row is', 'no-rows', /not one row is in any of its 2 tables/],
  ])('is of no use where %s', async (_, name, said) => {
    expect(await usableOf(dumps[name]!)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(said),
    });
  });
  it('is of no use where the account is missing that it runs as', async () => {
    await stack.sql("DROP USER IF EXISTS clerk@'%'");
    expect(await usableOf(good)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/trigger shop\.no_empty, .*run as clerk@%, an account that is missing/),
    });
    expect(await restorer.objects('users')).not.toContain('clerk@%');
  });

  it('has the fingerprint of its source, and not once a row or a definition is another', async () => {
    await makeClerk();
    await tried(good);
    const source = await restorer.fingerprint();
    expect(source.data['shop.orders']!.rows).toBe(500);
    await tried(good);
    expect(await restorer.fingerprint()).toEqual(source);
    await stack.sql("UPDATE shop.customers SET name = 'Zoe' WHERE id = 1", 'DROP FUNCTION shop.twice');
    const { data, definitions } = await restorer.fingerprint();
    expect(data['shop.customers']).toMatchObject({ rows: 2 });
    expect(data['shop.customers']).not.toEqual(source.data['shop.customers']);
    expect(definitions['function shop.twice']).toBeUndefined();
  });

  dataFolderSuite(tries, {
    service: () => stack.service,
    path: '/var/lib/mysql',
    good: () => good,
    prepare: makeClerk,
    again: makeClerk,
    cutAt: 3_000_000,
    spoiled: async () => {
      await stack.sql(filler);
      return { missing: 'shop/orders.ibd', garbled: 'shop/letters.ibd' };
    },
    isThere: async () => {
      expect(await restorer.count('orders')).toBe(500);
      expect(await restorer.objects('users')).toContain('clerk@%');
    },
  });

  describe('by muster restore-test, in a sandbox of the compose file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-existing-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const restoreTest = async (...args: string[]): Promise<{ code: number | null; result: DrillResult }> => {
      const ended = await muster(['restore-test', '--component', 'mysql', '--json', ...args], {
        cwd: folder,
        // As in a project's own .env: the accounts of the dump are those of the service.
        env: { MYSQL_ROOT_PASSWORD: stack.password },
      });
      const { result } =
        jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
        expect.fail(`nothing was judged: ${ended.stderr}`);
      expect(await leftOf(result.drill)).toEqual([]);
      return { code: ended.code, result };
    };
    beforeAll(() => {
      writeFileSync(join(folder, 'strategy.yaml'), stringify(mysqlStrategy()));
      writeFileSync(join(folder, 'last-night.sql.gz'), gzipSync(dumps['with-gtids']!));
      writeFileSync(join(folder, 'cut-off.sql'), good.slice(0, Math.floor(good.length * 0.6)));
    });

    it('passes where it is of the whole server, and new; nothing else of the file is started', async () => {
      const { code, result } = await restoreTest(
        ...['--from', './last-night.sql.gz', '--database', 'shop'],
        ...['--newest', 'shop.orders.placed', '--within', '1000w', '--rows', 'shop.orders=500'],
        ...['--sql', 'SELECT COUNT(*) = 2 FROM customers'],
      );
      expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
      expect(findingsThat('inconclusive', result)).toEqual([]);
      expect(code).toBe(0);
      expect(result.images.map(({ service }) => service)).toEqual(['mysql']);
      const [bundle] = globSync('.muster/drills/*', { cwd: folder });
      expect(await muster(['report', bundle!], { cwd: folder })).toMatchObject({ code: 0 });
    });
    it('has the fingerprint that was taken of the source, and not of another one', async () => {
      await usableOf(good);
      const { host, port } = await stack.service.endpoint(3306);
      const env = { SHOP_DB: `mysql://root:${stack.password}@${host}:${port}/shop` };
      const take = (out: string): Promise<Ended> =>
        muster(['fingerprint', 'strategy.yaml', 'mysql', '--source', 'SHOP_DB', '--out', out], {
          cwd: folder,
          env,
        });
      expect(await take('same.json')).toMatchObject({ code: 0, stdout: 'same.json: 502 rows of 2 tables\n' });
      await stack.sql('DELETE FROM shop.orders WHERE id = 7');
      expect(await take('other.json')).toMatchObject({ code: 0 });
      const fresh = ['--newest', 'shop.orders.placed', '--within', '1000w', '--database', 'shop'];
      const same = await restoreTest('--from', 'last-night.sql.gz', '--fingerprint', 'same.json', ...fresh);
      expect(same.result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
      expect(same.code).toBe(0);
      const other = await restoreTest('--from', 'last-night.sql.gz', '--fingerprint', 'other.json', ...fresh);
      expect(findingsThat('fail', other.result)).toEqual(['check/mysql.fingerprint']);
      const { detail } = other.result.findings.find(({ id }) => id === 'check/mysql.fingerprint')!;
      expect(detail).toMatch(/shop\.orders has 500 rows, and had 499/);
    });
    it('fails where it is cut off, and says so', async () => {
      const { code, result } = await restoreTest('--from', 'cut-off.sql', '--rows', 'shop.orders=500');
      expect(code).toBe(1);
      expect(findingsThat('fail', result)).toEqual(['existing/mysql', 'recovery']);
      expect(result.findings.find(({ id }) => id === 'existing/mysql')!.detail).toMatch(/cut off/);
    });
  });
});
