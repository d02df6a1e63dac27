import { beforeEach, expect, test } from 'vitest';
import type { CheckOutcome } from '../../../core/driver.ts';
import type { Artifact, Consistency, Sink } from '../../../core/backup.ts';
import type { Json } from '../../../core/timeline.ts';
import { recordingContext, startFollowing } from '../../suites/artifact.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { whenReady } from '../../suites/suite.ts';

/**
 * Tables that no snapshot covers, written to while a dump is read: the copy is torn, and no recovery from it
 * passes.
 */
const { stack, attached } = oneServer(mysqlStackUp, (stack) =>
  stack.attach({ volatileTables: ['app.counter', 'app.heap'] }),
);
const base = oneReceiver();
const log = oneReceiver();
let baseline: Json;

beforeEach(async () => {
  await whenReady(attached);
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.item (id INT PRIMARY KEY)',
    'INSERT INTO app.item VALUES (1)',
    'CREATE TABLE app.counter (id INT PRIMARY KEY, n INT) ENGINE = MyISAM',
    'INSERT INTO app.counter VALUES (1, 0)',
    'CREATE TABLE app.heap (n INT) ENGINE = MyISAM',
    'INSERT INTO app.heap VALUES (0)',
    'CREATE TABLE app.hot (id INT PRIMARY KEY) ENGINE = MEMORY',
  );
  baseline = await attached.checks['inventory']!.before!();
});

/**
 * A dump, and what is written to while it is under way: once its first bytes are there, and before the last
 * one is taken.
 */
async function dumpWhile(...statements: string[]): Promise<Consistency> {
  const to: Sink = {
    put: async (name, content) => {
      if (name === 'dump.sql') await stack.sql('DO 0', ...statements);
      return base.put(name, content);
    },
  };
  return attached.backups['dump']!.backup!(to, {
    options: {},
    signal: AbortSignal.timeout(120_000),
    now: () => performance.now(),
  });
}
const tornOf = ({ facts }: Consistency): string[] =>
  (facts as { torn: { tables: { name: string }[] } }).torn.tables.map(({ name }) => name);
const restored = (point: Artifact): Promise<unknown> =>
  attached.backups['dump']!.restore!(point, { ...recordingContext(), replayFollows: false });
const inventory = (): Promise<CheckOutcome> => attached.checks['inventory']!.after(baseline, null, null);
const words = (table: string): string =>
  `${table} (MyISAM) was written to while the dump that was restored was read`;

test('restored as it is, it fails and each table is named', async () => {
  const consistency = await dumpWhile(
    'UPDATE app.counter SET n = n + 1',
    'INSERT INTO app.hot VALUES (1)',
    'INSERT INTO app.item VALUES (2)',
  );
  expect(tornOf(consistency)).toEqual(['app.counter']);
  expect(await inventory(), 'nothing was restored yet').toMatchObject({
    detail: expect.not.stringContaining('was written to') as string,
  });
  await restored(base.artifact('dump', consistency));
  expect(await inventory()).toMatchObject({
    verdict: 'fail',
    detail: expect.stringContaining(words('app.counter')) as string,
  });
});

test('written to before and after it, it is whole', async () => {
  await stack.sql('UPDATE app.counter SET n = n + 1');
  const consistency = await dumpWhile();
  await stack.sql('UPDATE app.counter SET n = n + 1');
  expect(tornOf(consistency)).toEqual([]);
  await restored(base.artifact('dump', consistency));
  const outcome = await inventory();
  expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass' });
  expect(await stack.sql('SELECT n FROM app.counter')).toEqual([{ n: 1 }]);
});

test('a log that is replayed beyond the end of the dump makes rows whole that have a key, and no others', async () => {
  const consistency = await dumpWhile('UPDATE app.counter SET n = n + 1', 'INSERT INTO app.heap VALUES (1)');
  expect(tornOf(consistency)).toEqual(['app.counter', 'app.heap']);
  const follower = await startFollowing(attached.backups['binlog']!, log, consistency);
  await stack.sql('UPDATE app.counter SET n = n + 1');
  await follower.stop();
  const point = base.artifact('dump', consistency);
  await attached.backups['dump']!.restore!(point, { ...recordingContext(), replayFollows: true });
  await attached.backups['binlog']!.replay!(
    log.artifact('binlog', consistency),
    'latest',
    point,
    recordingContext(),
  );
  const { verdict, detail } = await inventory();
  expect(
    { verdict, counter: detail.includes(words('app.counter')), heap: detail.includes(words('app.heap')) },
    detail,
  ).toEqual({ verdict: 'fail', counter: false, heap: true });
  expect(await stack.sql('SELECT n FROM app.counter')).toEqual([{ n: 2 }]);
});

test('where the server does not count its writes, the rows themselves tell', async () => {
  const counting = (word: 'YES' | 'NO'): Promise<unknown> =>
    stack.sql(
      `UPDATE performance_schema.setup_instruments SET enabled = '${word}' WHERE name = 'wait/io/table/sql/handler'`,
    );
  await counting('NO');
  try {
    expect(tornOf(await dumpWhile('UPDATE app.counter SET n = n + 1'))).toEqual(['app.counter']);
    expect(tornOf(await dumpWhile())).toEqual([]);
  } finally {
    await counting('YES');
  }
});
