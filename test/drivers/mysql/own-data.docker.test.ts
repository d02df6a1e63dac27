import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import type { Consistency } from '../../../core/backup.ts';
import type { Helper, Service } from '../../../core/service.ts';
import type { Stack } from '../../../core/stack.ts';
import mysqlDriver from '../../../drivers/mysql/index.ts';
import { createStackProvider } from '../../../stack/provider.ts';
import { createReceiver, recordingContext, startFollowing, takeBackup } from '../../suites/artifact.ts';
import { uniqueDrill } from '../../stack/small-stack.ts';
import { suffer } from '../../support/suffer.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
import { attachTo } from '../../support/attach-to.ts';

const file = fileURLToPath(new URL('../../fixtures/mysql-hardened.compose.yml', import.meta.url));
const drill = uniqueDrill('mysql-own');
const password = randomBytes(12).toString('hex');
const progress = (): void => undefined;
let stack: Stack;
let service: Service;
let attached: Attached;
let base: Awaited<ReturnType<typeof createReceiver>>;

const attach = (to: Service, passwordOf = password): Promise<Attached> =>
  attachTo(mysqlDriver, { component: 'mysql', service: to, secret: () => passwordOf });
const sqlAt = async (to: Service, ...statements: string[]): Promise<Record<string, unknown>[]> =>
  withSession({ service: to, password, config: mysqlDriver.config.parse({}) }, async ({ rows }) => {
    let last: Record<string, unknown>[] = [];
    for (const statement of statements) last = await rows(statement);
    return last;
  });
const seed = (to: Service): Promise<unknown> =>
  sqlAt(
    to,
    'CREATE TABLE app.users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100), hash VARCHAR(200))',
    'SET SESSION cte_max_recursion_depth = 100000',
    "INSERT INTO app.users (email, hash) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT CONCAT('u', i), REPEAT(SHA2(i, 256), 3) FROM n",
  );

beforeAll(async () => {
  stack = await createStackProvider({ progress }).up({
    file,
    drill,
    environment: { MYSQL_ROOT_PASSWORD: password },
    progress,
  });
  service = stack.services.get('mysql')!;
  await seed(service);
  attached = await attach(service);
  base = await createReceiver();
});
afterAll(async () => {
  await base?.remove();
  await stack?.down();
});

describe('a server whose settings of what is built are not the defaults', () => {
  const backUp = (): Promise<Consistency> => takeBackup(attached.backups['dump']!, base, {});

  test('is restored with its full-text index, its row format, its tables of before a rule, and its counters', async () => {
    await sqlAt(
      service,
      'CREATE TABLE app.plan (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT, FULLTEXT KEY (body))',
      "INSERT INTO app.plan (body) VALUES ('a b c'), ('the d'), ('gone')",
      'DELETE FROM app.plan WHERE id = 3',
      'SET SESSION sql_require_primary_key = OFF',
      'CREATE TABLE app.loose (n INT)',
      'INSERT INTO app.loose VALUES (1)',
    );
    const found = async (): Promise<unknown> => [
      await sqlAt(
        service,
        "SELECT id FROM app.plan WHERE MATCH (body) AGAINST ('b') OR MATCH (body) AGAINST ('the') ORDER BY id",
      ),
      await sqlAt(
        service,
        "SELECT table_name AS t, row_format AS f FROM information_schema.tables WHERE table_schema = 'app' ORDER BY 1",
      ),
      await sqlAt(service, 'SELECT * FROM app.loose'),
    ];
    const before = await found();
    expect(before).toMatchObject([
      [{ id: 1 }, { id: 2 }],
      [{ f: 'Compact' }, { f: 'Compact' }, { f: 'Compact' }],
      [{ n: 1 }],
    ]);
    const consistency = await backUp();
    const facts = await attached.backups['dump']!.restore!(
      base.artifact('dump', consistency),
      recordingContext(),
    );
    expect(facts).toMatchObject({
      loadedOtherwise: expect.arrayContaining([
        'sql_require_primary_key is OFF for the load, ON at the source',
      ]),
    });
    expect(await found()).toEqual(before);
    await sqlAt(service, "INSERT INTO app.plan (body) VALUES ('next')");
    expect(
      await sqlAt(service, 'SELECT MAX(id) AS id FROM app.plan'),
      'no number is given out twice',
    ).toEqual([{ id: 4 }]);
  });

  test.each([
    [
      'a table in a general tablespace',
      [
        "CREATE TABLESPACE shared ADD DATAFILE 'shared.ibd'",
        'CREATE TABLE app.odd (id INT PRIMARY KEY) TABLESPACE shared',
      ],
      ['DROP TABLE app.odd', 'DROP TABLESPACE shared'],
    ],
  ])('with %s is refused a backup, and a restore while nothing is broken', async (_name, make, unmake) => {
    await sqlAt(service, ...make);
    const refusal = {
      message: expect.stringMatching(/could not be restored: tables lie in a general tablespace/),
      found: 'app.odd',
      hint: expect.stringContaining('ALTER TABLE'),
    };
    await expect(backUp()).rejects.toMatchObject(refusal);
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toMatchObject(refusal);
    await sqlAt(service, ...unmake);
    await attached.backups['dump']!.assertUsable!('restore');
    await backUp();
  });

  test('whose log nothing can follow does not begin to be followed', async () => {
    const without = (helper: Helper): Helper => ({
      ...helper,
      spawn: (argv, options) =>
        helper.spawn(
          argv.map((word) => (word === 'mysqlbinlog' ? 'no-such-program' : word)),
          options,
        ),
    });
    const other = await attach({
      ...service,
      helper: async (options) => without(await service.helper(options)),
    });
    await expect(startFollowing(other.backups['binlog']!, base, null)).rejects.toMatchObject({
      message: 'following the log of mysql does not begin',
      found: expect.stringContaining('no-such-program'),
    });
    const follower = await startFollowing(attached.backups['binlog']!, await createReceiver(), null);
    await follower.stop();
  });
});

describe('a server under a number, without capabilities, on a read-only root, that nobody starts again', () => {
  const listed = async (): Promise<string[]> => {
    const { stdout } = await service.exec([
      'sh',
      '-c',
      "find /var/lib/mysql -mindepth 1 -maxdepth 1 \\( -name 'precious*' -o -name '*.pem' -o -name mysqld-auto.cnf -o -name keyring \\) -printf '%f %u %m\\n'; stat -c '. %u %a' /var/lib/mysql",
    ]);
    return stdout.trim().split('\n').sort();
  };
  const precious = (): Promise<{ stdout: string }> =>
    service.exec([
      'sh',
      '-c',
      'cat /var/lib/mysql/precious.txt /var/lib/mysql/precious-folder/more /var/lib/mysql/keyring /var/lib/mysql/ca.pem | sha256sum',
    ]);
  let consistency: Consistency;

  test('is restored with what lies beside its data in place, under the owner and modes that it had, and can be backed up again', async () => {
    await service.exec([
      'sh',
      '-c',
      'cd /var/lib/mysql && echo "the only copy" > precious.txt && mkdir precious-folder && echo more > precious-folder/more && echo key > keyring && chmod 600 keyring',
    ]);
    await sqlAt(service, 'SET PERSIST max_connections = 77', 'SET PERSIST_ONLY back_log = 99');
    consistency = await takeBackup(attached.backups['dump']!, base, {});
    expect((consistency.facts as { persisted: string[] }).persisted.sort()).toEqual([
      'back_log',
      'max_connections',
    ]);
    await sqlAt(service, 'SET PERSIST max_connections = 78');
    const before = { names: await listed(), content: await precious() };
    const facts = await attached.backups['dump']!.restore!(
      base.artifact('dump', consistency),
      recordingContext(),
    );
    expect(facts).toMatchObject({
      keptBeside: expect.arrayContaining([
        'precious.txt',
        'precious-folder',
        'keyring',
        'ca.pem',
        'server-key.pem',
      ]),
      persisted: {
        settings: ['back_log', 'max_connections'],
        changed: ['max_connections: 78 in the folder, 77 in the recovery point'],
      },
      damagedData: {
        names: expect.arrayContaining(['mysql.ibd', 'app', 'binlog.000001', 'mysqld-auto.cnf']),
      },
    });
    expect({ names: await listed(), content: await precious() }).toEqual(before);
    expect(
      await sqlAt(service, 'SELECT COUNT(*) AS n, @@max_connections AS c, @@back_log AS b FROM app.users'),
    ).toEqual([{ n: '2000', c: '77', b: '99' }]);
    await takeBackup(attached.backups['dump']!, await createReceiver(), {});
    await sqlAt(service, "INSERT INTO app.users (email) VALUES ('after')");
  });

  test('loses its volume, which is witnessed although it stays down, and gets back what it persisted', async () => {
    const wiped = await suffer(attached, 'wipe-volume');
    const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 20_000 }, () => wiped.witness());
    expect(proof?.what).toMatch(/does not hold server .* any more; process \d+ is gone/);
    expect((await service.state()).status).toBe('exited');
    await attached.backups['dump']!.restore!(base.artifact('dump', consistency), recordingContext());
    expect(
      await sqlAt(service, 'SELECT COUNT(*) AS n, @@max_connections AS c, @@back_log AS b FROM app.users'),
    ).toEqual([{ n: '2000', c: '77', b: '99' }]);
    expect(await listed()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^mysqld-auto\.cnf 4321 /)]),
    );
    await sqlAt(service, "INSERT INTO app.users (email) VALUES ('after')");
  });
});
