import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached, CheckOutcome } from '../../../core/driver.ts';
import type { Sink } from '../../../core/backup.ts';
import type { Json } from '../../../core/timeline.ts';
import { createReceiver, recordingContext, takeBackup } from '../../suites/artifact.ts';
import { slowWay } from '../../support/slow-way.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { red } from './inventory-cases.ts';

/** What the dump must refuse, and what the inventory must see. */
let stack: MysqlStack;
let attached: Attached;

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach({ volatileTables: ['app.sessions'] });
});
afterAll(() => stack?.down());

beforeEach(async () => {
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'DROP USER IF EXISTS clerk',
    "CREATE USER clerk IDENTIFIED BY 'first-password'",
    `ALTER USER app IDENTIFIED BY '${stack.service.env['MYSQL_PASSWORD']}'`,
    'GRANT SELECT ON app.* TO clerk',
    'CREATE TABLE app.roles (id INT PRIMARY KEY, name VARCHAR(20))',
    "INSERT INTO app.roles VALUES (1, 'member'), (2, 'admin')",
    `CREATE TABLE app.users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100), nick VARCHAR(100), role INT, weight FLOAT, price DECIMAL(9, 3), flags BIT(5), raw BLOB, doc JSON, kind ENUM('a', 'b'),
       seen TIMESTAMP(3) NULL, place POINT, upper_email VARCHAR(100) AS (UPPER(email)), KEY (role), CONSTRAINT users_role FOREIGN KEY (role) REFERENCES app.roles (id))`,
    `INSERT INTO app.users (email, nick, role, weight, price, flags, raw, doc, kind, seen, place) VALUES
       ('a', NULL, 1, 0.1, 1.500, b'101', x'00ff', '{"b": 1, "a": [1, 2]}', 'a', '2026-01-01 00:00:00.123', POINT(1, 2)), ('a,', '', 2, 1e10, NULL, NULL, '', NULL, NULL, NULL, NULL), ('a', NULL, 1, 0.1, 1.5, b'101', x'00ff', '{"a": [1, 2], "b": 1}', 'a', NULL, NULL)`,
    'CREATE TABLE app.sessions (id INT PRIMARY KEY)',
    'CREATE VIEW app.admins AS SELECT id FROM app.users WHERE role = 2',
    'CREATE TRIGGER app.trim_name BEFORE INSERT ON app.roles FOR EACH ROW SET NEW.name = TRIM(NEW.name)',
    'CREATE PROCEDURE app.nothing() SELECT 1',
    'CREATE EVENT app.nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1',
  );
});

const judged = async (change: () => Promise<unknown>): Promise<CheckOutcome> => {
  const check = attached.checks['inventory']!;
  const baseline = await check.before!();
  await change();
  return check.after(baseline, null, null);
};

describe('the inventory is red for', () => {
  test.each(red)('%s', async (_name, change, reason) => {
    const outcome = await judged(() => stack.sql(...change));
    await stack.sql('SET GLOBAL sync_binlog = 1', 'DROP USER IF EXISTS intruder');
    expect(outcome).toMatchObject({ verdict: 'fail' });
    expect(JSON.stringify(outcome.facts)).toMatch(reason);
  });
});

describe('the inventory is', () => {
  test("green when nothing changed, and when only volatile rows, counters and Muster's own changed", async () => {
    const outcome = await judged(async () => {
      await stack.sql(
        'INSERT INTO app.sessions VALUES (1), (2)',
        "INSERT INTO app.users (email) VALUES ('x')",
        "DELETE FROM app.users WHERE email = 'x'",
      );
      if (attached.workload?.kind === 'data') await attached.workload.prepare();
    });
    expect(outcome, outcome.detail).toMatchObject({
      verdict: 'pass',
      facts: { tables: 2, rows: 5, foreignKeys: 1, differences: [] },
    });
  });
  test('inconclusive without a baseline', async () => {
    expect(await attached.checks['inventory']!.after(null)).toMatchObject({ verdict: 'inconclusive' });
  });
  test('inconclusive when the server cannot be reached', async () => {
    const baseline = await attached.checks['inventory']!.before!();
    const away = await stack.attach({}, stack.service, async () => ({ host: '127.0.0.1', port: 1 }));
    expect(await away.checks['inventory']!.after(baseline)).toMatchObject({ verdict: 'inconclusive' });
  });
  test('taken of a server that takes three seconds to greet, which is not ready for its clients', async () => {
    const slow = await slowWay(stack.service, 3306, 3_000);
    try {
      const busy = await stack.attach({}, slow.service, () => slow.service.endpoint(3306));
      const check = busy.checks['inventory']!;
      const outcome = await check.after(await check.before!(), null, await check.justBefore!());
      expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass' });
      expect(await busy.ready()).toBe(false);
    } finally {
      slow.close();
    }
  });
  test('the same after a dump was restored', async () => {
    const receiver = await createReceiver();
    const outcome = await judged(async () => {
      const consistency = await takeBackup(attached.backups['dump']!, receiver, {});
      await stack.sql('DROP TABLE app.users', 'DROP USER clerk');
      await attached.backups['dump']!.restore!(receiver.artifact('dump', consistency), recordingContext());
    });
    await receiver.remove();
    expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass' });
  });
  test('red after the restore of a dump of chosen databases alone, which still brings the accounts', async () => {
    const narrow = await stack.attach({ databases: ['app'] });
    const receiver = await createReceiver();
    await stack.sql('CREATE DATABASE IF NOT EXISTS other');
    const outcome = await judged(async () => {
      const consistency = await takeBackup(narrow.backups['dump']!, receiver, {});
      await attached.backups['dump']!.restore!(receiver.artifact('dump', consistency), recordingContext());
    });
    await receiver.remove();
    expect(outcome).toMatchObject({
      verdict: 'fail',
      facts: { differences: ['definition of DATABASE other is missing'] },
    });
  });
  test('red after the restore of a dump that silently left a table out', async () => {
    // A view of the missing table would make loading fail, which is loud enough.
    await stack.sql('DROP VIEW app.admins');
    const careless = await stack.attach({ ignoreTables: ['app.users'] });
    const receiver = await createReceiver();
    const outcome = await judged(async () => {
      const consistency = await takeBackup(careless.backups['dump']!, receiver, {});
      await attached.backups['dump']!.restore!(receiver.artifact('dump', consistency), recordingContext());
    });
    await receiver.remove();
    expect(outcome).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('TABLE app.users is missing'),
    });
  });
});

describe('a dump', () => {
  /**
   * Takes the first bytes, then waits for `meanwhile` before it takes the rest: mysqldump stands still in
   * between.
   */
  const slowSink = (meanwhile: () => Promise<void>): Sink & { settled: 'no' | 'stored' | 'refused' } => {
    const sink: Sink & { settled: 'no' | 'stored' | 'refused' } = {
      settled: 'no',
      put: async (_name, content) => {
        let plainBytes = 0;
        try {
          for await (const chunk of content) {
            if (plainBytes === 0) await meanwhile();
            plainBytes += (chunk as Buffer).length;
          }
        } catch (error) {
          sink.settled = 'refused';
          throw error;
        }
        sink.settled = 'stored';
        return { plainBytes, sha256: '' };
      },
    };
    return sink;
  };
  const backup = (to: Sink, options: Record<string, unknown> = {}): Promise<Json> =>
    attached.backups['dump']!.backup!(to, {
      options,
      signal: AbortSignal.timeout(60_000),
      now: () => 0,
    }).then(({ position }) => position);
  const killDump = async (): Promise<void> => {
    const { stdout } = await stack.service.exec([
      'sh',
      '-c',
      'for p in /proc/[0-9]*; do if [ "$(cat $p/comm 2>/dev/null)" = mysqldump ]; then kill -9 "${p#/proc/}" && echo killed; fi; done',
    ]);
    expect(stdout).toContain('killed');
  };
  /** More than what fits between mysqldump and us. */
  const large = async (): Promise<unknown> =>
    stack.sql(
      'CREATE TABLE app.large (id INT PRIMARY KEY, filler LONGTEXT)',
      'SET SESSION cte_max_recursion_depth = 100000',
      'INSERT INTO app.large WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120) SELECT i, REPEAT(SHA2(i, 256), 2000) FROM n',
    );

  test('that was killed half-way is refused, and nobody is handed it as a whole', async () => {
    await large();
    const sink = slowSink(killDump);
    await expect(backup(sink)).rejects.toThrow(/mysqldump ended with code 137|not complete/);
    expect(sink.settled).toBe('refused');
  });
  test('is whole when nothing happens to it', async () => {
    await large();
    const sink = slowSink(async () => undefined);
    expect(await backup(sink)).toMatchObject({
      gtid: expect.stringMatching(/:\d/),
      file: expect.stringMatching(/^binlog\./),
    });
    expect(sink.settled).toBe('stored');
  });
  test('that is too small is refused', async () => {
    await expect(
      backup(
        slowSink(async () => undefined),
        { floorBytes: 1e9 },
      ),
    ).rejects.toThrow('too small');
  });
  test('keeps definitions from changing until it is done', async () => {
    await large();
    let altered: Promise<unknown> = Promise.resolve();
    let done = false;
    const order: string[] = [];
    await backup(
      slowSink(async () => {
        altered = stack.sql('ALTER TABLE app.roles ADD COLUMN late INT').then(() => order.push('altered'));
        await expect
          .poll(
            async () =>
              Number(
                (
                  await stack.sql(
                    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE state LIKE 'Waiting for backup lock'",
                  )
                )[0]!['n'],
              ),
            { timeout: 5_000 },
          )
          .toBe(1);
        done = true;
      }),
    ).then(() => order.push('dumped'));
    await altered;
    expect([done, ...order]).toEqual([true, 'dumped', 'altered']);
  });
  test('opens its snapshot beside somebody who defines things all the time, and holds up nobody for it', async () => {
    let over = false;
    const defining = (async () => {
      for (; !over; ) await stack.sql('CREATE OR REPLACE VIEW app.defined AS SELECT id FROM app.roles');
    })();
    await backup(
      slowSink(async () => undefined),
      { lockWaitSeconds: 2 },
    ).finally(() => (over = true));
    await defining;
  });
  test('that cannot have its locks says so instead of waiting, and holding up every write, for ever', async () => {
    await large();
    // A statement that runs for long keeps the tables from being flushed, and that would keep everyone else
    // from writing.
    const long = stack.sql('SELECT SLEEP(6) FROM app.roles LIMIT 1');
    await expect
      .poll(
        async () =>
          Number(
            (
              await stack.sql(
                "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(6)%'",
              )
            )[0]!['n'],
          ),
        { timeout: 5_000 },
      )
      .toBe(1);
    await expect(
      backup(
        slowSink(async () => undefined),
        { lockWaitSeconds: 1 },
      ),
    ).rejects.toThrow(/mysqldump ended with code [1-9]/);
    await long;
  });
  test('does not leave the password where others can read it', async () => {
    let seen = '';
    await large();
    await backup(
      slowSink(async () => {
        seen = (await stack.service.exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']))
          .stdout;
      }),
    );
    expect(seen).toContain('mysqldump');
    expect(seen).not.toContain(stack.password);
  });
});
