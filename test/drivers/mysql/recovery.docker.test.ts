import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Artifact, Attached, Consistency, DataWorkload, PlainFile } from '../../../core/driver.ts';
import {
  createReceiver,
  recordingContext,
  startFollowing,
  takeBackup,
  type Receiver,
} from '../../suites/artifact.ts';
import { whenReady } from '../../suites/driver-conformance.ts';
import { readAll } from '../../suites/workload-history.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';

/** Recoveries as an operator would run them, each followed by a look at what came back and what did not. */
let stack: MysqlStack;
let attached: Attached;
let base: Receiver;
let log: Receiver;
const follow = async (consistency: Consistency | null): ReturnType<typeof startFollowing> =>
  startFollowing(attached.backups['binlog']!, log, consistency);
const dump = async (): Promise<Consistency> => takeBackup(attached.backups['dump']!, base, {});
const restore = (point: Artifact, replayFollows = false) =>
  attached.backups['dump']!.restore!(point, { ...recordingContext(), replayFollows });
const replay = (
  point: Artifact,
  files: Artifact,
  until: Parameters<NonNullable<Attached['backups'][string]['replay']>>[1],
) => attached.backups['binlog']!.replay!(files, until, point, recordingContext());
const count = async (table: string): Promise<number> =>
  Number((await stack.sql(`SELECT COUNT(*) AS n FROM ${table}`))[0]!['n']);
const setting = async (name: string): Promise<string> =>
  String((await stack.sql(`SELECT @@GLOBAL.${name} AS v`))[0]!['v']);

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach();
});
afterAll(() => stack?.down());
beforeEach(async () => {
  await whenReady(attached);
  base = await createReceiver();
  log = await createReceiver();
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.roles (id INT PRIMARY KEY, name VARCHAR(20))',
    'CREATE TABLE app.users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) UNIQUE, hash VARCHAR(200), role INT, FOREIGN KEY (role) REFERENCES app.roles (id))',
    "INSERT INTO app.roles VALUES (1, 'member'), (2, 'admin')",
    'SET SESSION cte_max_recursion_depth = 100000',
    "INSERT INTO app.users (email, hash, role) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT CONCAT('u', i, '@example.org'), REPEAT(SHA2(i, 256), 3), 1 FROM n",
  );
  return async () => {
    await base.remove();
    await log.remove();
  };
});

/** Everything in the log up to here has been shipped. */
async function followed(consistency: Consistency, work: () => Promise<void>): Promise<Artifact> {
  const follower = await follow(consistency);
  await work();
  await follower.stop();
  return log.artifact('binlog', consistency);
}

describe('point in time', () => {
  test('before a dropped table: the table, all before it and nothing after it', async () => {
    const consistency = await dump();
    let gtid = '';
    const files = await followed(consistency, async () => {
      await stack.sql("INSERT INTO app.users (email, role) VALUES ('late@example.org', 2)");
      await stack.sql('UPDATE app.roles SET name = UPPER(name)');
      const dropped = await attached.dropTable!('app.users');
      expect(await dropped.witness()).toMatchObject({ what: expect.stringContaining('app.users') });
      gtid = (dropped.facts as { gtid: string }).gtid;
      await stack.sql("INSERT INTO app.roles VALUES (3, 'after')");
    });
    for (const until of [
      { kind: 'before-gtid', gtid },
      { kind: 'before-statement', pattern: 'DROP TABLE .*users' },
    ] as const) {
      const point = base.artifact('dump', consistency);
      await restore(point, true);
      expect((await stack.service.state()).status, 'clients stay out between base and log').toBe('exited');
      const facts = await replay(point, files, until);
      expect(facts).toMatchObject({
        transactions: 2,
        stoppedBefore: { gtid, statement: expect.stringContaining('DROP TABLE') },
        discardedSinceBase: null,
        settingsChanged: [],
      });
      expect(await count('app.users')).toBe(3001);
      expect(await stack.sql('SELECT id, name FROM app.roles ORDER BY id')).toEqual([
        { id: 1, name: 'MEMBER' },
        { id: 2, name: 'ADMIN' },
      ]);
    }
  });

  test('writes that slip in between base and log are thrown away, said, and do no harm', async () => {
    const consistency = await dump();
    const files = await followed(
      consistency,
      async () =>
        void (await stack.sql("INSERT INTO app.users (email, role) VALUES ('logged@example.org', 1)")),
    );
    const point = base.artifact('dump', consistency);
    await restore(point);
    // The same key as the log's own: applied on top of this, the log would fail.
    await stack.sql("INSERT INTO app.users (email, role) VALUES ('slipped@example.org', 1)");
    const facts = await replay(point, files, { kind: 'latest' });
    expect(facts).toMatchObject({
      transactions: 1,
      discardedSinceBase: expect.stringMatching(/^[0-9a-f-]{36}:1$/),
    });
    expect(await stack.sql('SELECT email FROM app.users WHERE id > 3000')).toEqual([
      { email: 'logged@example.org' },
    ]);
  });

  test('a log is replayed by the server that the base was loaded into, where that was left open; closed, the folder can be served', async () => {
    const consistency = await dump();
    const files = await followed(
      consistency,
      async () =>
        void (await stack.sql("INSERT INTO app.users (email, role) VALUES ('logged@example.org', 1)")),
    );
    const point = base.artifact('dump', consistency);
    const left: (() => Promise<void>)[] = [];
    const leaving = {
      ...recordingContext(),
      replayFollows: true,
      leaveOpen: (close: () => Promise<void>) => void left.push(close),
    };
    await attached.backups['dump']!.restore!(point, leaving);
    expect(await replay(point, files, { kind: 'latest' })).toMatchObject({
      transactions: 1,
      discardedSinceBase: null,
      serverOfTheBase: true,
      settingsChanged: [],
    });
    await left[0]!();
    expect(await count('app.users')).toBe(3001);

    await attached.backups['dump']!.restore!(point, leaving);
    await left[1]!();
    await stack.service.start();
    await whenReady(attached);
    expect(await count('app.users')).toBe(3000);
    await stack.sql("INSERT INTO app.users (email, role) VALUES ('slipped@example.org', 1)");
    expect(await replay(point, files, { kind: 'latest' })).toMatchObject({
      transactions: 1,
      discardedSinceBase: expect.stringMatching(/^[0-9a-f-]{36}:1$/),
      serverOfTheBase: false,
    });
    expect(await stack.sql('SELECT email FROM app.users WHERE id > 3000')).toEqual([
      { email: 'logged@example.org' },
    ]);
  });

  test('a server that was left open and ended meanwhile is no base', async () => {
    const consistency = await dump();
    const files = await followed(
      consistency,
      async () => void (await stack.sql("INSERT INTO app.roles VALUES (3, 'logged')")),
    );
    const point = base.artifact('dump', consistency);
    const left: (() => Promise<void>)[] = [];
    let crash: Promise<unknown> | undefined;
    const restored = attached.backups['dump']!.restore!(point, {
      ...recordingContext(),
      replayFollows: true,
      leaveOpen: (close: () => Promise<void>) => void left.push(close),
      // It is killed when all of its data is in: as late as a crash in the middle of the restore can come.
      progress: (done: number, total: number | null) =>
        void (
          done === total &&
          (crash ??= attached.crash!().then(({ witness }) =>
            pollUntil(systemClock, { everyMs: 20, deadlineMs: 10_000 }, witness),
          ))
        ),
    });
    await expect(restored).rejects.toThrow();
    await crash;
    expect(left).toEqual([]);
    await restore(point, true);
    expect(await replay(point, files, { kind: 'latest' })).toMatchObject({
      transactions: 1,
      serverOfTheBase: false,
    });
  });

  test('a log whose last event is cut off is replayed up to the last whole transaction', async () => {
    const consistency = await dump();
    const files = await followed(consistency, async () => {
      await stack.sql("INSERT INTO app.roles VALUES (3, 'whole')");
      await stack.sql("INSERT INTO app.roles VALUES (4, 'cut off')");
    });
    await log.damage((content) => content.subarray(0, content.length - 10));
    const point = base.artifact('dump', consistency);
    await restore(point, true);
    expect(await replay(point, files, { kind: 'latest' })).toMatchObject({
      transactions: 1,
      cutBytes: expect.any(Number),
    });
    expect(await stack.sql('SELECT name FROM app.roles WHERE id > 2')).toEqual([{ name: 'whole' }]);
  });

  test('a gap in the log is refused before anything is touched', async () => {
    const consistency = await dump();
    const files = await followed(consistency, async () => {
      for (const id of [3, 4, 5])
        await stack.sql(`INSERT INTO app.roles VALUES (${id}, 'x')`, 'FLUSH BINARY LOGS');
    });
    expect(files.files.length).toBeGreaterThanOrEqual(3);
    const before = await stack.service.state();
    const without = (index: number): PlainFile[] => files.files.filter((_, i) => i !== index);
    for (const [index, reason] of [
      [0, /gap: 1 transactions before/],
      [1, /gap: file \d+ is absent/],
    ] as const) {
      await expect(
        replay(base.artifact('dump', consistency), { ...files, files: without(index) }, { kind: 'latest' }),
      ).rejects.toThrow(reason);
    }
    expect(await stack.service.state()).toEqual(before);
    expect(await count('app.roles')).toBe(5);
  });
});

describe('following the log', () => {
  test('goes on by itself across a crash of the server, with the last file from its beginning', async () => {
    const offsets = new Map<string, number[]>();
    const append = log.append;
    log.append = async (file, offset, bytes) => {
      offsets.set(file, [...(offsets.get(file) ?? []), offset]);
      await append(file, offset, bytes);
    };
    const consistency = await dump();
    const files = await followed(consistency, async () => {
      await stack.sql("INSERT INTO app.roles VALUES (3, 'before')");
      await expect.poll(() => [...offsets.values()].flat().length, { timeout: 10_000 }).toBeGreaterThan(0);
      const crashed = await attached.crash!();
      await crashed.undo.run();
      await expect.poll(() => crashed.witness()).not.toBeNull();
      await whenReady(attached);
      await stack.sql("INSERT INTO app.roles VALUES (4, 'after')");
      const wanted = String((await stack.sql('SHOW BINARY LOGS')).at(-1)!['Log_name']);
      await expect
        .poll(() => offsets.has(wanted), { timeout: 20_000, message: 'following did not go on' })
        .toBe(true);
    });
    expect(
      offsets.get(consistency.position['file']!)!.filter((offset) => offset === 0).length,
    ).toBeGreaterThan(1);
    const point = base.artifact('dump', consistency);
    await restore(point, true);
    expect(await replay(point, files, { kind: 'latest' })).toMatchObject({ transactions: 2 });
    expect(await count('app.roles')).toBe(4);
  });

  test('ends, and says why, when another server answers in its place', async () => {
    const follower = await follow(null);
    const wiped = await attached.wipe!();
    await wiped.undo.run();
    expect(await follower.broken).toMatch(/another server answers/);
    await follower.stop();
    await whenReady(attached);
    await stack.sql('CREATE DATABASE IF NOT EXISTS app');
  });

  test('ships what the server wrote soon, and what many wrote together in few segments', async () => {
    let shipped = 0;
    let segments = 0;
    const append = log.append;
    log.append = async (file, offset, bytes) => {
      await append(file, offset, bytes);
      segments += 1;
      shipped = systemClock.nowMs();
    };
    const follower = await follow(null);
    await expect.poll(() => shipped, { timeout: 10_000 }).toBeGreaterThan(0);
    const waits: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const before = shipped;
      await stack.sql(`INSERT INTO app.roles VALUES (${100 + i}, 'x')`);
      const writtenMs = systemClock.nowMs();
      await expect.poll(() => shipped, { interval: 1, timeout: 5_000 }).toBeGreaterThan(before);
      waits.push(shipped - writtenMs);
    }
    expect(waits.sort((a, b) => a - b)[10]!, `median of ${waits.map(Math.round)}`).toBeLessThan(300);
    const [begunMs, segmentsBefore] = [systemClock.nowMs(), segments];
    for (let i = 0; i < 200; i += 1) await stack.sql(`INSERT INTO app.roles VALUES (${200 + i}, 'x')`);
    const writtenWithinMs = systemClock.nowMs() - begunMs;
    await follower.stop();
    // One each 200 ms, one that was due as they began, and what was left when following ended.
    expect(segments - segmentsBefore).toBeLessThanOrEqual(writtenWithinMs / 200 + 3);
    const files = log.artifact('binlog', {
      atMs: 0,
      position: {},
      tool: '',
      server: '',
    } as Consistency).files;
    const last = (await stack.sql('SHOW BINARY LOGS')).at(-1)!;
    expect(files.find(({ name }) => name === last['Log_name'])!.bytes, 'all of it').toBe(
      Number(last['File_size']),
    );
  });
});

describe('damaged pages', () => {
  test.each(['random', 'structured'] as const)(
    '%s bytes under a server that clients keep asking: restored with everything up to the fault',
    async (pattern) => {
      const consistency = await dump();
      const workload = attached.workload as DataWorkload;
      await workload.prepare();
      const client = await workload.open();
      let facts: unknown;
      const files = await followed(consistency, async () => {
        for (let group = 0; group < 50; group += 1)
          await client.write(
            [0, 1, 2, 3].map((i) => group * 4 + i),
            ['a', 'b', 'c', 'd'],
          );
        await stack.sql("INSERT INTO app.users (email, role) VALUES ('late@example.org', 2)");
        const damaged = await attached.corruptPages!({ table: 'app.users', pages: 3, pattern, seed: 11 });
        facts = damaged.facts;
        const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 30_000 }, () =>
          damaged.witness(),
        );
        expect(proof?.what).toMatch(/reading all of app\.users fails .* innochecksum finds page \d+/);
        expect((proof!.facts as { innochecksum: number[] }).innochecksum).toEqual(
          (facts as { pages: number[] }).pages,
        );
      });
      await client.close();
      const expected = new Map(Array.from({ length: 200 }, (_, id) => [id, 'abcd'[id % 4]!]));
      // Readers go on running into it: the server is in and out of its crash recovery while it is restored.
      const asking = new AbortController();
      const readers = (async () => {
        while (!asking.signal.aborted) {
          await stack.sql('SELECT SUM(LENGTH(hash)) AS n FROM app.users').catch(() => sleep(20));
        }
      })();
      const point = base.artifact('dump', consistency);
      await restore(point, true);
      await replay(point, files, { kind: 'latest' });
      asking.abort();
      await readers;
      expect(await count('app.users')).toBe(3001);
      expect(await readAll(workload)).toEqual(expected);
      const kept = await stack.service.exec(['sh', '-c', 'ls -A /var/lib/mysql | grep -c muster-damaged']);
      expect(Number(kept.stdout), 'damaged data is kept').toBeGreaterThan(0);
    },
  );

  test('of a table that is not there are refused', async () => {
    await expect(
      attached.corruptPages!({ table: 'app.nothing', pages: 1, pattern: 'random', seed: 1 }),
    ).rejects.toThrow('no such table');
  });
});

describe('a restored server', () => {
  test('is as durable as it was, and a restore that leaves it otherwise fails', async () => {
    const durable = {
      innodb_flush_log_at_trx_commit: '1',
      sync_binlog: '1',
      innodb_doublewrite: 'ON',
      event_scheduler: 'ON',
      log_bin: '1',
    };
    const consistency = await dump();
    const point = base.artifact('dump', consistency);
    await restore(point);
    for (const [name, value] of Object.entries(durable)) expect(await setting(name), name).toBe(value);
    expect((await stack.sql("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'"))[0]!['Value']).toBe('ON');
    const facts = consistency.facts as { settings: Record<string, string> };
    const other = { ...point, facts: { ...facts, settings: { ...facts.settings, sync_binlog: '1000' } } };
    await expect(restore(other)).rejects.toThrow('does not run with the settings');
  });

  test('is not made from the dump of a newer server', async () => {
    const consistency = await dump();
    const before = await stack.service.state();
    await expect(restore({ ...base.artifact('dump', consistency), server: 'MySQL 26.7.0' })).rejects.toThrow(
      'newer server',
    );
    expect(await stack.service.state()).toEqual(before);
  });
});
