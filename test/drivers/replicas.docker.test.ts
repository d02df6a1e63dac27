import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached, Check, CheckOutcome } from '../../core/driver.ts';
import type { Json } from '../../core/timeline.ts';
import mysql from '../../drivers/mysql/index.ts';
import redis from '../../drivers/redis/index.ts';
import toxiproxy from '../../drivers/toxiproxy/index.ts';
import { replicaStackUp, type ReplicaStack } from './replica-stack.ts';

/**
 * Two servers of each kind, which change their roles from test to test: each begins where the one before
 * ended.
 */
let stack: ReplicaStack;
beforeAll(async () => {
  stack = await replicaStackUp();
}, 180_000);
afterAll(async () => {
  expect(await stack?.down()).toEqual([]);
}, 120_000);

type Facts = Record<string, Json>;
const act = async (component: Attached, action: string, params: Record<string, Json> = {}): Promise<Facts> =>
  (await component.actions[action]!(params)) as Facts;
const judged = async (component: Attached, check: string, baseline: Json = null): Promise<CheckOutcome> =>
  component.checks[check]!.after(baseline);
const restart = async (name: string): Promise<void> => {
  const service = stack.service(name);
  await service.stop(2);
  await service.start();
  await service.waitHealthy(60_000);
};
const eventually = async (what: () => Promise<boolean>): Promise<void> =>
  expect(await pollUntil(systemClock, { everyMs: 50, deadlineMs: 30_000 }, what)).toBe(true);

describe('MySQL', { timeout: 120_000 }, () => {
  let west: Attached;
  let east: Attached;
  const { sql } = { sql: (name: string, ...statements: string[]) => stack.sql(name, ...statements) };
  const ids = async (name: string): Promise<string> =>
    (await sql(name, 'SELECT GROUP_CONCAT(id ORDER BY id) AS ids FROM app.t'))[0]!['ids']!;
  beforeAll(async () => {
    [west, east] = [await stack.attach(mysql, 'mysql'), await stack.attach(mysql, 'mysql-east')];
    await sql(
      'mysql',
      'CREATE TABLE app.t (id INT PRIMARY KEY)',
      'INSERT INTO app.t VALUES (1)',
      "CREATE USER 'clerk'@'%' IDENTIFIED BY 'of no use elsewhere'",
    );
    await sql('mysql-east', 'CREATE DATABASE stray');
  });

  let semiSync: { check: Check; baseline: Json };
  test('replicate: a copy of the source, accounts included and nothing else, that takes no writes of its own', async () => {
    expect(
      await judged(west, 'semi-sync', (await west.checks['semi-sync']!.before!()) ?? null),
      'without semi-synchronous replication',
    ).toMatchObject({ verdict: 'fail' });
    const facts = await act(east, 'replicate', {
      source: 'mysql',
      through: 'toxiproxy:13306',
      semiSync: true,
      fallbackAfter: '500ms',
    });
    expect(facts).toMatchObject({ source: 'mysql', through: 'toxiproxy:13306', semiSync: true });
    expect(await sql('mysql-east', "SELECT user FROM mysql.user WHERE user = 'clerk'")).toHaveLength(1);
    expect(await sql('mysql-east', "SHOW DATABASES LIKE 'stray'")).toEqual([]);
    await sql('mysql', 'INSERT INTO app.t VALUES (2)');
    await eventually(async () => (await ids('mysql-east')) === '1,2');
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { write: 'refused' },
    });
    expect(await judged(west, 'refuses-writes'), 'the primary').toMatchObject({
      verdict: 'fail',
      facts: { write: 'accepted' },
    });
    expect(await east.ready()).toBe(true);
  });

  test('the password of the link is in no log, list or fact', async () => {
    const [link] = await sql('mysql-east', 'SELECT User_password AS password FROM mysql.slave_master_info');
    expect(link!['password']).toHaveLength(32);
    const shown = [
      await stack.service('mysql').logs(500),
      await stack.service('mysql-east').logs(500),
      JSON.stringify(await sql('mysql-east', 'SHOW REPLICA STATUS')),
      ...(await Promise.all(
        ['mysql', 'mysql-east'].map(async (name) =>
          JSON.stringify(
            await sql(
              name,
              'SELECT * FROM performance_schema.events_statements_history_long',
              'SHOW FULL PROCESSLIST',
            ),
          ),
        ),
      )),
      ...(await Promise.all(
        ['mysql', 'mysql-east'].map(
          async (name) =>
            (
              await stack.service(name).exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])
            ).stdout,
        ),
      )),
    ].join('\n');
    expect(shown).toContain('mysqld');
    for (const secret of [link!['password']!, ...stack.secrets]) expect(shown.includes(secret)).toBe(false);
  });

  test('semi-sync: green while the replica is there, red once the source went on without it', async () => {
    const check = west.checks['semi-sync']!;
    semiSync = { check, baseline: (await check.before!()) ?? null };
    expect(await check.after(semiSync.baseline), 'nothing committed').toMatchObject({
      verdict: 'inconclusive',
    });
    await sql('mysql', 'INSERT INTO app.t VALUES (3)');
    expect(await check.after(semiSync.baseline)).toMatchObject({ verdict: 'pass' });
    await sql('mysql-east', 'STOP REPLICA');
    await sql('mysql', 'INSERT INTO app.t VALUES (4)');
    expect(await check.after(semiSync.baseline)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/fell back/) as string,
    });
    await sql('mysql-east', 'START REPLICA');
    await eventually(async () => (await ids('mysql-east')) === '1,2,3,4');
    expect(await check.after(semiSync.baseline), 'being back does not undo it').toMatchObject({
      verdict: 'fail',
    });
  });

  test('closed for writes: refused also at COMMIT, which rolls back; catch-up asks for it; the undo opens it again', async () => {
    await expect(act(east, 'catch-up')).rejects.toThrow(/still takes writes/);
    const client = await (west.workload as Extract<Attached['workload'], { kind: 'data' }>)!;
    await client.prepare();
    const open = await client.open();
    const closing = await west.closeWrites!();
    expect(await closing.witness()).not.toBeNull();
    await expect(open.write([1], ['x'])).rejects.toMatchObject({ certain: true });
    await open.close();
    await expect(west.closeWrites!(), 'twice').rejects.toThrow(/takes no writes before/);
    expect(await act(east, 'catch-up')).toMatchObject({ source: 'mysql' });
    expect(await west.ready()).toBe(false);
    await closing.undo.run();
    expect(await closing.undo.healed()).toBe(true);
    expect(await judged(west, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
    expect(await closing.witness(), 'open again').toBeNull();
  });

  test('promote: refused while received transactions are not applied, and nothing of them is thrown away', async () => {
    await sql(
      'mysql-east',
      'STOP REPLICA SQL_THREAD',
      'SET PERSIST innodb_lock_wait_timeout = 100',
      'SET PERSIST lock_wait_timeout = 100',
    );
    await sql('mysql', 'INSERT INTO app.t VALUES (5)');
    await sql('mysql', 'ALTER TABLE app.t ADD COLUMN late INT DEFAULT 1');
    const held = await holdTable();
    await expect(act(east, 'promote', { within: '1s' })).rejects.toThrow(/has not executed everything/);
    expect(await sql('mysql-east', 'SHOW REPLICA STATUS'), 'still a replica').toHaveLength(1);
    await held.release();
    expect(await act(east, 'promote')).toMatchObject({ retrieved: expect.stringMatching(/\w/) as string });
    expect(await ids('mysql-east')).toBe('1,2,3,4,5');
    expect(await judged(east, 'refuses-writes'), 'it is open').toMatchObject({ verdict: 'fail' });
    await expect(act(east, 'promote'), 'no replica').rejects.toThrow(/is no replica/);
  });

  /** Another session reads the table on the replica and stays: the applier cannot alter it. */
  async function holdTable(): Promise<{ release(): Promise<void> }> {
    let free: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (free = resolve));
    const session = (async () => {
      await sqlHeld('mysql-east', ['START TRANSACTION', 'SELECT * FROM app.t'], released);
    })();
    await eventually(
      async () =>
        (
          await sql(
            'mysql-east',
            "SELECT 1 FROM performance_schema.metadata_locks WHERE object_schema = 'app' AND object_name = 't' AND lock_type = 'SHARED_READ'",
          )
        ).length > 0,
    );
    return {
      release: async () => {
        free();
        await session;
      },
    };
  }
  const sqlHeld = (name: string, statements: string[], until: Promise<void>): Promise<void> =>
    stack.session(name, async ({ rows }) => {
      for (const statement of statements) await rows(statement);
      await until;
    });

  test('rejoin: what only the old primary holds is listed and refused, unless it is to be built anew', async () => {
    await sql('mysql', 'INSERT INTO app.t (id) VALUES (99)');
    await sql('mysql-east', 'INSERT INTO app.t (id) VALUES (6)');
    await expect(act(west, 'rejoin', { source: 'mysql-east' })).rejects.toMatchObject({
      found: expect.stringMatching(/^[0-9a-f-]{36}:\d+/) as string,
    });
    expect(await judged(west, 'refuses-writes'), 'it was closed all the same').toMatchObject({
      verdict: 'pass',
    });
    const facts = await act(west, 'rejoin', { source: 'mysql-east', rebuild: true });
    expect(facts).toMatchObject({ errantCount: 1, errant: expect.stringMatching(/:\d+$/) as string });
    expect(await ids('mysql')).toBe('1,2,3,4,5,6');
  });

  test('fence: it survives a restart, replicas get the rest, and a rejoin without errant transactions copies nothing', async () => {
    await sql('mysql-east', 'INSERT INTO app.t (id) VALUES (7)');
    expect(await act(east, 'fence')).toMatchObject({ how: 'in band' });
    await restart('mysql-east');
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { write: 'refused' },
    });
    expect(await act(west, 'catch-up')).toMatchObject({ source: 'mysql-east' });
    await act(west, 'promote');
    expect(await ids('mysql')).toBe('1,2,3,4,5,6,7');
    await sql('mysql', 'INSERT INTO app.t (id) VALUES (8)');
    expect(await act(east, 'rejoin', { source: 'mysql' })).toMatchObject({ errant: '', rebuilt: null });
    await eventually(async () => (await ids('mysql-east')) === '1,2,3,4,5,6,7,8');
  });

  test('fence out of band: one that does not answer is stopped, and takes no write when it is started', async () => {
    await stack.service('mysql').pause();
    expect(await act(west, 'fence')).toMatchObject({ how: 'out of band', status: 'exited' });
    expect(await judged(west, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(/is off/) as string,
    });
    await act(east, 'promote');
    // Whoever starts it finds it closed: here the engine itself, before the driver has said a word to it.
    await stack.service('mysql').start();
    await stack.service('mysql').waitHealthy(60_000);
    expect(await judged(west, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { write: 'refused' },
    });
    await stack.service('mysql').stop(2);
    expect(await act(west, 'rejoin', { source: 'mysql-east' })).toMatchObject({
      started: true,
      errant: '',
      rebuilt: null,
    });
    expect(await west.ready()).toBe(true);
    await expect(act(west, 'reopen')).rejects.toThrow(/is a replica/);
  });

  test('reopen takes a fence away', async () => {
    await act(east, 'fence');
    expect(await act(east, 'reopen')).toEqual({ started: false });
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
  });

  test('parameters are checked before anything is done', async () => {
    await expect(act(east, 'replicate', { from: 'mysql' })).rejects.toMatchObject({ trouble: 'input' });
    await expect(act(east, 'replicate', { source: 'mysql-east' })).rejects.toThrow(/from itself/);
    await expect(act(east, 'promote', { within: 'soon' })).rejects.toMatchObject({ trouble: 'input' });
  });
});

describe('Redis', { timeout: 120_000 }, () => {
  let west: Attached;
  let east: Attached;
  const cli = async (name: string, ...words: string[]): Promise<string> =>
    (await stack.service(name).exec(['redis-cli', ...words])).stdout.trim();
  beforeAll(async () => {
    [west, east] = [await stack.attach(redis, 'redis'), await stack.attach(redis, 'redis-east')];
    await cli('redis', 'SET', 'a', '1');
  });

  test('replicate, closed for writes, catch-up, promote', async () => {
    await expect(act(east, 'promote')).rejects.toThrow(/is no replica/);
    await act(east, 'replicate', { source: 'redis' });
    expect([await cli('redis-east', 'GET', 'a'), await east.ready()]).toEqual(['1', true]);
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { said: expect.stringMatching(/^READONLY/) as string },
    });
    await expect(act(east, 'catch-up')).rejects.toThrow(/still takes writes/);
    const closing = await west.closeWrites!();
    expect(await closing.witness()).not.toBeNull();
    expect(await cli('redis', 'SET', 'b', '1')).toMatch(/^NOREPLICAS/);
    const client = await (west.workload as Extract<Attached['workload'], { kind: 'data' }>).open();
    await expect(client.write([1, 2, 3, 4], ['x', 'x', 'x', 'x'])).rejects.toMatchObject({ certain: true });
    await client.close();
    expect(await act(east, 'catch-up')).toMatchObject({ source: 'redis' });
    await closing.undo.run();
    expect([
      await closing.undo.healed(),
      await cli('redis', 'SET', 'b', '2'),
      await closing.witness(),
    ]).toEqual([true, 'OK', null]);
    expect(await act(east, 'promote')).toMatchObject({ linkBefore: 'up' });
    expect(await cli('redis-east', 'SET', 'c', '3')).toBe('OK');
  });

  test('follows: what a replica held is there and what its source has; red when it lacks some, and when both are emptied', async () => {
    const check = east.checks['follows']!;
    const lookThen = async (meanwhile: () => Promise<unknown>): Promise<CheckOutcome> => {
      await act(east, 'replicate', { source: 'redis' });
      const look = await check.justBefore!();
      await meanwhile();
      return check.after(null, null, look);
    };
    expect(await west.checks['follows']!.justBefore!(), 'a primary').toBeNull();
    expect(await west.checks['follows']!.after(null), 'a primary').toMatchObject({ nothing: true });
    expect(await lookThen(async () => undefined), 'three keys').toMatchObject({
      nothing: true,
      detail: expect.stringContaining('too few') as string,
    });
    await cli(
      'redis',
      'EVAL',
      "for i = 1, 60 do redis.call('SET', 'kept:' .. i, i) end redis.call('SELECT', 3) redis.call('SET', 'other', 1)",
      '0',
    );
    expect(await lookThen(async () => undefined)).toMatchObject({
      verdict: 'pass',
      facts: { kept: 63, gone: 0, thereAtSource: 63, lacking: 0 },
    });
    expect(await lookThen(() => cli('redis', 'DEL', 'kept:1', 'kept:2')), 'removed by right').toMatchObject({
      verdict: 'pass',
      facts: { kept: 61, gone: 2, lacking: 0 },
    });
    const torn = await lookThen(async () => {
      await cli('redis-east', 'CONFIG', 'SET', 'replica-read-only', 'no');
      await cli('redis-east', 'DEL', 'kept:3');
    });
    expect(torn).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/1 that redis has are not here/) as string,
    });
    const emptied = await lookThen(async () => {
      await cli('redis', 'FLUSHALL');
      await cli('redis', 'SET', 'kept:9', 'written anew');
    });
    expect(emptied).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /keys that it held then, 0 are as they were, 1 were written anew and \d+ are gone; redis has 1 of them. It followed redis into the loss/,
      ) as string,
    });
    await cli('redis', 'MSET', 'a', '1', 'c', '3');
    await eventually(async () => (await cli('redis-east', 'GET', 'c')) === '3');
    await act(east, 'promote');
  });

  test('rejoin throws away what only the old primary has, and says how much', async () => {
    await cli('redis', 'SET', 'only-here', '1');
    const facts = await act(west, 'rejoin', { source: 'redis-east' });
    expect(Number(facts['thrownAwayBytes'])).toBeGreaterThan(0);
    expect([
      await cli('redis', 'GET', 'only-here'),
      await cli('redis', 'GET', 'c'),
      await west.ready(),
    ]).toEqual(['', '3', true]);
  });

  test('fence: in band and after a restart; out of band where it does not answer; reopen', async () => {
    expect(await act(east, 'fence')).toMatchObject({ how: 'in band' });
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'pass' });
    await restart('redis-east');
    expect([await cli('redis-east', 'SET', 'd', '1'), await cli('redis-east', 'GET', 'c')]).toEqual([
      expect.stringMatching(/^NOREPLICAS/),
      '3',
    ]);
    await stack.service('redis-east').pause();
    expect(await act(east, 'fence')).toMatchObject({ how: 'out of band' });
    expect(await judged(east, 'refuses-writes')).toMatchObject({
      verdict: 'pass',
      facts: { status: 'exited' },
    });
    expect(await act(east, 'reopen')).toEqual({ started: true });
    expect(await judged(east, 'refuses-writes')).toMatchObject({ verdict: 'fail' });
    await restart('redis-east');
    expect(await cli('redis-east', 'SET', 'd', '1')).toBe('OK');
  });

  test('a replica that restarts has forgotten its source, and takes no writes all the same', async () => {
    await restart('redis');
    expect(await judged(west, 'refuses-writes')).toMatchObject({ verdict: 'pass' });
  });
});

describe("the clients' way in", { timeout: 60_000 }, () => {
  test('failover moves a proxy, cuts who is on it, and refuses an upstream where nobody is', async () => {
    const way = await stack.attach(toxiproxy, 'toxiproxy');
    const service = stack.service('redis-east');
    await service.stop(1);
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).rejects.toThrow(
      /takes no connections: redis stays at redis:6379/,
    );
    await service.start();
    await service.waitHealthy(30_000);
    expect(await act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).toMatchObject({
      from: 'redis:6379',
      to: 'redis-east:6379',
      connectionsCut: true,
    });
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' })).rejects.toThrow(
      /already/,
    );
    await expect(act(way, 'failover', { proxy: 'nowhere', upstream: 'redis:6379' })).rejects.toMatchObject({
      trouble: 'input',
    });
    await expect(act(way, 'failover', { proxy: 'redis', upstream: 'redis' })).rejects.toMatchObject({
      trouble: 'input',
    });
    const { host, port } = await stack.service('toxiproxy').endpoint(6379);
    const client = await (await stack.attach(redis, 'redis')).workload!;
    if (client.kind !== 'data') throw new Error('not a data workload');
    const opened = await client.open();
    await opened.write([9], ['through the way in']);
    await opened.close();
    expect([
      host,
      port > 0,
      (await stack.service('redis-east').exec(['redis-cli', 'GET', 'muster:redis:9'])).stdout.trim(),
    ]).toEqual(['127.0.0.1', true, 'through the way in']);
    await way.close();
  });

  test('inventory and expiries are those of the server that clients use: a promoted replica that is whole passes, one that lacks something fails', async () => {
    const cli = async (name: string, ...words: string[]): Promise<string> =>
      (await stack.service(name).exec(['redis-cli', ...words])).stdout.trim();
    const [way, west] = [await stack.attach(toxiproxy, 'toxiproxy'), await stack.attach(redis, 'redis')];
    // Clients are at redis-east since the test before; redis becomes its replica, and is promoted.
    await act(west, 'replicate', { source: 'redis-east' });
    await cli('redis-east', 'MSET', 'user:1', 'Ada', 'user:2', 'Grace');
    await cli('redis-east', 'SET', 'session:1', 'Ada', 'EX', '3600');
    const looks: [string, Json][] = [];
    for (const name of ['inventory', 'ttl']) looks.push([name, await west.checks[name]!.before!()]);
    await eventually(async () => (await cli('redis', 'DBSIZE')) === (await cli('redis-east', 'DBSIZE')));
    await act(west, 'promote');
    await act(way, 'failover', { proxy: 'redis', upstream: 'redis:6379' });
    const verdicts = async (): Promise<string[]> =>
      Promise.all(looks.map(async ([name, baseline]) => (await west.checks[name]!.after(baseline)).verdict));

    expect(await verdicts(), 'promoted, and whole').toEqual(['pass', 'pass']);
    await cli('redis-east', 'DEL', 'user:1', 'session:1');
    expect(await verdicts(), 'the old primary, which no client uses, lost something').toEqual([
      'pass',
      'pass',
    ]);
    await cli('redis', 'DEL', 'session:1');
    expect(await verdicts(), 'the promoted one lacks a session').toEqual(['fail', 'fail']);
    await act(way, 'failover', { proxy: 'redis', upstream: 'redis-east:6379' });
    await cli('redis-east', 'SET', 'session:1', 'Ada', 'EX', '3600');
    const [inventory] = await Promise.all(
      looks.slice(0, 1).map(([name, baseline]) => west.checks[name]!.after(baseline)),
    );
    expect(inventory, 'back at the old one').toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(
        /user \(string\): 2 keys that never expire before, 1 now, 1 of them missing/,
      ) as string,
    });
    for (const each of [way, west]) await each.close();
  });
});
