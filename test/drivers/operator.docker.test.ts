import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { corruptRows } from '../../drivers/mysql/corrupt-rows.ts';
import { chooseRows, deleteRows } from '../../drivers/mysql/delete-rows.ts';
import { witnessDeleted } from '../../drivers/sql/delete-rows.ts';
import { witnessFlushed } from '../../drivers/redis/flush-all.ts';
import { mysqlStackUp, type MysqlStack } from './mysql-stack.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';
import { suffer } from '../support/suffer.ts';
import { nothingTorn } from '../../drivers/mysql/torn.ts';
import { mysql } from '../../drivers/mysql/mysql.ts';
import { findPrograms } from '../../drivers/mysql/programs.ts';
import type { MysqlSite } from '../../drivers/mysql/site.ts';
import { sqlServer, withSession } from '../../drivers/mysql/session.ts';

// What the suite of drivers cannot do for mistakes that go straight to the server: their witnesses without
// the effect.

describe('FLUSHALL on a real Redis', () => {
  let stack: RedisStack;
  beforeAll(async () => {
    stack = await redisStackUp();
  });
  afterAll(async () => {
    await stack?.down();
  });

  test('is witnessed by the mark and the count together, and by neither alone', async () => {
    const redis = await stack.connect('redis');
    await redis.mset('a', '1', 'b', '2', 'muster:mark', '1');
    const address = { endpoint: () => stack.service('redis').endpoint(6379) };
    expect(await witnessFlushed(address, 'muster:mark', 2), 'nothing happened').toBeNull();
    await redis.del('muster:mark');
    await redis.set('c', '3');
    expect(await witnessFlushed(address, 'muster:mark', 2), 'the mark alone is gone').toBeNull();
    await redis.flushall();
    expect(await witnessFlushed(address, 'muster:mark', 2)).toMatchObject({
      facts: { keysNow: 0, markGone: true },
    });
  });

  test('reaches the append-only file: a restart brings nothing back', async () => {
    const attached = await stack.attach('redis');
    const redis = await stack.connect('redis');
    await redis.mset('a', '1', 'b', '2');
    const inflicted = await suffer(attached, 'flush-all');
    await expect.poll(() => inflicted.witness()).not.toBeNull();
    const crashed = await suffer(attached, 'crash');
    await expect.poll(() => crashed.witness(), { timeout: 10_000 }).not.toBeNull();
    await crashed.undo.run();
    await expect.poll(() => attached.ready(), { timeout: 30_000 }).toBe(true);
    const again = await stack.connect('redis');
    await expect.poll(() => again.mget('a', 'b'), { timeout: 10_000 }).toEqual([null, null]);
    await attached.close();
  });
});

describe('DELETE on a real MySQL', () => {
  let stack: MysqlStack;
  let site: MysqlSite;
  const count = async (where = '1'): Promise<number> =>
    Number((await stack.sql(`SELECT COUNT(*) AS n FROM app.things WHERE ${where}`))[0]!['n']);
  beforeAll(async () => {
    stack = await mysqlStackUp();
    site = {
      product: mysql,
      ...(await findPrograms(stack.service, mysql)),
      component: 'mysql',
      service: stack.service,
      config: { user: 'root' } as MysqlSite['config'],
      clock: systemClock,
      seed: 1,
      password: stack.password,
      known: [],
      tls: false,
      clients: () => stack.service.endpoint(3306),
      note: () => undefined,
      scratch: tmpdir,
      beganWith: () => undefined,
      dataFolder: '/var/lib/mysql',
      owner: '0:0',
      server: 'MySQL',
      peer: () => stack.service,
      replicaState: { role: 'primary', source: null, semiSyncAtEnd: null },
      restored: { torn: nothingTorn },
    };
    await stack.sql(
      'CREATE TABLE app.things (id INT PRIMARY KEY, name VARCHAR(20))',
      'CREATE TABLE app.parts (id INT PRIMARY KEY, thing INT, FOREIGN KEY (thing) REFERENCES app.things (id))',
      'CREATE TABLE app.heap (a VARCHAR(8), b INT NULL)',
    );
    await stack.sql(
      `INSERT INTO app.things WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i, CONCAT('thing ', i) FROM n`,
      'INSERT INTO app.parts SELECT id, id FROM app.things',
    );
  });
  afterAll(async () => {
    await stack?.down();
  });

  test('takes the share that it is told to, the same rows for the same seed, and nothing else', async () => {
    const chosen =
      (await withSession(site, (session) =>
        chooseRows(session, { table: 'app.things', share: 0.25, seed: 7 }),
      )) ?? expect.fail('no row was chosen');
    expect(
      await withSession(site, (session) =>
        chooseRows(session, { table: 'app.things', share: 0.25, seed: 7 }),
      ),
    ).toEqual(chosen);
    expect(
      (await withSession(site, (session) =>
        chooseRows(session, { table: 'app.things', share: 0.25, seed: 8 }),
      ))!.sample,
    ).not.toEqual(chosen.sample);
    expect(await witnessDeleted(sqlServer(site).ask, chosen), 'nothing happened').toBeNull();
    await stack.sql('DELETE FROM app.things WHERE id = 0');
    expect(await witnessDeleted(sqlServer(site).ask, chosen), 'another delete').toBeNull();

    const inflicted = await deleteRows(site, { table: 'app.things', share: 0.25, seed: 7 });
    expect(inflicted.facts).toMatchObject({
      table: 'app.things',
      deleted: 50,
      rowsBefore: 200,
      gtid: expect.stringMatching(/:\d+$/) as string,
    });
    expect(await count()).toBe(150);
    expect(
      Number((await stack.sql('SELECT COUNT(*) AS n FROM app.parts'))[0]!['n']),
      'children keep their rows',
    ).toBe(200);
    await stack.sql('INSERT INTO app.things SELECT id + 1000, name FROM app.things');
    expect(await inflicted.witness(), 'clients go on writing').toMatchObject({
      facts: { rowsBefore: 200, rowsNow: 300, lookedFor: 50 },
    });
    expect(await inflicted.undo.healed()).toBeNull();
  });

  test('works on a table without a primary key, and refuses an empty or a missing one', async () => {
    const { facts, witness } = await deleteRows(site, { table: 'app.heap', share: 1, seed: 1 });
    expect(facts).toMatchObject({ changed: 0 });
    await expect(witness(), 'nobody can see what did not happen').rejects.toThrow(
      'app.heap has no rows: none was deleted',
    );
    await expect(deleteRows(site, { table: 'app.hap', share: 1, seed: 1 })).rejects.toThrow('no such table');
    await stack.sql("INSERT INTO app.heap VALUES ('x', NULL), ('y', 2), ('z', 3)");
    const inflicted = await deleteRows(site, { table: 'app.heap', share: 1, seed: 1 });
    expect(inflicted.facts).toMatchObject({ deleted: 3 });
    expect(await inflicted.witness()).toMatchObject({ facts: { rowsNow: 0 } });
  });

  test('a corruption changes values of its share and nothing else, is in the log by its text, and is seen by what the rows were', async () => {
    await stack.sql(
      'CREATE TABLE app.people (id INT PRIMARY KEY, email VARCHAR(40) UNIQUE, hash VARCHAR(60) NOT NULL)',
      "INSERT INTO app.people WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT i, CONCAT(i, '@example.test'), REPEAT('h', 40) FROM n",
    );
    const changed = (): Promise<number> =>
      stack
        .sql("SELECT COUNT(*) AS n FROM app.people WHERE hash <> REPEAT('h', 40)")
        .then(([row]) => Number(row!['n']));
    const spec = { table: 'app.people', column: 'hash', share: 0.2, seed: 7 };
    const inflicted = await corruptRows(site, spec);
    expect(inflicted.facts).toMatchObject({ column: 'hash', changed: 30, rows: 150 });
    expect(await changed()).toBe(30);
    expect(
      Number((await stack.sql('SELECT COUNT(*) AS n FROM app.people WHERE CHAR_LENGTH(hash) = 40'))[0]!['n']),
      'lengths stay',
    ).toBe(150);
    expect(await inflicted.witness()).toMatchObject({ facts: { lookedAt: 30 } });
    const log = (await stack.sql('SHOW BINARY LOG STATUS'))[0]!['File'] as string;
    const events = await stack.sql(`SHOW BINLOG EVENTS IN '${log}'`);
    expect(
      events
        .map((event) => String(event['Info']))
        .filter((text) => /UPDATE .*people.* SET .*hash/.test(text)),
    ).toHaveLength(1);

    // What was there before comes back: the witness must see nothing any more.
    await stack.sql("UPDATE app.people SET hash = REPEAT('h', 40)");
    expect(await inflicted.witness()).toBeNull();
    await expect(corruptRows(site, { ...spec, column: 'id' })).rejects.toMatchObject({
      found: 'id',
      expected: expect.stringContaining('hash') as string,
    });
    await expect(corruptRows(site, { ...spec, column: 'email' }), 'a key must stay one').rejects.toThrow(
      'no such column',
    );
  });
});
