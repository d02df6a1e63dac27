import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { PlainFile } from '../../../core/backup.ts';
import type { DataWorkload } from '../../../core/workload.ts';
import { recordingContext } from '../../suites/artifact.ts';
import { readAll } from '../../suites/workload-history.ts';
import { followingTests } from './following-tests.ts';
import { leftOpenTests, type Close } from './left-open-tests.ts';
import { pointInTimeTests } from './point-in-time-tests.ts';
import { recoveryRig } from './recovery-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { whenReady } from '../../suites/suite.ts';

/** Recoveries as an operator would run them, each followed by a look at what came back and what did not. */
const rig = recoveryRig();
const { stack, attached, receivers, followed, oneLogged, dump, restore, replay, count, setting } = rig;

describe('point in time', () => {
  pointInTimeTests(rig, { gtid: /^[0-9a-f-]{36}:\d+$/, slippedIn: /^[0-9a-f-]{36}:1$/ });

  test('a log is replayed by the server that the base was loaded into, where that was left open; closed, the folder can be served', async () => {
    const consistency = await dump();
    const files = await oneLogged(consistency);
    const point = receivers.base.artifact('dump', consistency);
    const left: Close[] = [];
    const leaving = {
      ...recordingContext(),
      replayFollows: true,
      leaveOpen: (close: Close) => void left.push(close),
    };
    await attached.backups['dump']!.restore!(point, leaving);
    expect(await replay(point, files, 'latest')).toMatchObject({
      transactions: 1,
      discardedSinceBase: null,
      serverOfTheBase: true,
      settingsChanged: [],
    });
    await left[0]!(new AbortController().signal);
    expect(await count('app.users')).toBe(3001);

    await attached.backups['dump']!.restore!(point, leaving);
    await left[1]!(new AbortController().signal);
    await stack.service.start();
    await whenReady(attached);
    expect(await count('app.users')).toBe(3000);
    await stack.sql("INSERT INTO app.users (email, role) VALUES ('slipped@example.org', 1)");
    expect(await replay(point, files, 'latest')).toMatchObject({
      transactions: 1,
      discardedSinceBase: expect.stringMatching(/^[0-9a-f-]{36}:1$/),
      serverOfTheBase: false,
    });
    expect(await stack.sql('SELECT email FROM app.users WHERE id > 3000')).toEqual([
      { email: 'logged@example.org' },
    ]);
  });

  test('a log whose last event is cut off is replayed up to the last whole transaction', async () => {
    const consistency = await dump();
    const files = await followed(consistency, async () => {
      await stack.sql("INSERT INTO app.roles VALUES (3, 'whole')");
      await stack.sql("INSERT INTO app.roles VALUES (4, 'cut off')");
    });
    await receivers.log.damage((content) => content.subarray(0, content.length - 10));
    const point = receivers.base.artifact('dump', consistency);
    await restore(point, true);
    expect(await replay(point, files, 'latest')).toMatchObject({
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
        replay(receivers.base.artifact('dump', consistency), { ...files, files: without(index) }, 'latest'),
      ).rejects.toThrow(reason);
    }
    expect(await stack.service.state()).toEqual(before);
    expect(await count('app.roles')).toBe(5);
  });
});

followingTests(rig);
leftOpenTests(rig);

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
        const damaged = await suffer(attached, 'corrupt-pages', {
          table: 'app.users',
          pages: 3,
          pattern,
          seed: 11,
        });
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
      const point = receivers.base.artifact('dump', consistency);
      await restore(point, true);
      await replay(point, files, 'latest');
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
      suffer(attached, 'corrupt-pages', { table: 'app.nothing', pages: 1, pattern: 'random', seed: 1 }),
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
    const point = receivers.base.artifact('dump', consistency);
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
    await expect(
      restore({ ...receivers.base.artifact('dump', consistency), server: 'MySQL 26.7.0' }),
    ).rejects.toThrow('newer server');
    expect(await stack.service.state()).toEqual(before);
  });
});
