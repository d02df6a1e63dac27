import { beforeAll, describe, expect, test } from 'vitest';
import type { Attached, Check } from '../../../core/driver.ts';
import type { Json } from '../../../core/timeline.ts';
import mysql from '../../../drivers/mysql/index.ts';
import type { ReplicaStack } from '../replica-stack.ts';
import { act, eventually, judged, restart } from '../replica-steps.ts';
import { suffer } from '../../support/suffer.ts';

/** Two servers that change their roles from test to test: each begins where the one before ended. */
export function mysqlReplicaTests(stack: ReplicaStack): void {
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
      const closing = await suffer(west, 'closed-for-writes');
      expect(await closing.witness()).not.toBeNull();
      await expect(open.write([1], ['x'])).rejects.toMatchObject({ certain: true });
      await open.close();
      await expect(suffer(west, 'closed-for-writes'), 'twice').rejects.toThrow(/takes no writes before/);
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
      await restart(stack.service('mysql-east'));
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
}
