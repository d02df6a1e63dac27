import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import { createReceiver, recordingContext, takeBackup } from '../../suites/artifact.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { refusals, stopwords } from './beyond-cases.ts';

/**
 * What lies beside a dump: refused when one is made and before anything is broken, or made anew when it is
 * loaded.
 */
let stack: MysqlStack;
let attached: Attached;

/** In the container, and not in its image: as whoever tries it by hand. */
const inContainer = async (script: string): Promise<void> => {
  const { code, stderr } = await stack.service.exec(['sh', '-eu', '-c', script], { user: '0' });
  expect(code, stderr).toBe(0);
};
const up = async (): Promise<void> => {
  expect(await pollUntil(systemClock, { everyMs: 100, deadlineMs: 120_000 }, () => attached.ready())).toBe(
    true,
  );
};
let keys = '';
async function keyring(file: string): Promise<void> {
  // Recovery from a crash needs the keys of tables that are gone.
  if (keys !== '') await inContainer(`cp -p ${keys} ${file}`);
  keys = file;
  await inContainer(`
  printf '{ "components": "file://component_keyring_file" }' >/usr/sbin/mysqld.my
  printf '{ "path": "${file}", "read_only": false }' >"$(dirname "$(find / -xdev -name component_keyring_file.so | head -n 1)")/component_keyring_file.cnf"`);
  await attached.actions['restart']!({});
  await up();
}

beforeAll(async () => {
  stack = await mysqlStackUp();
  attached = await stack.attach();
  await inContainer(
    "printf '[mysqld]\\ninnodb_directories=/var/lib/mysql-files\\n' >/etc/mysql/conf.d/zz-test.cnf",
  );
  await keyring(refusals[0]!.keyring);
});
afterAll(() => stack?.down());

/** A dump of it is refused, and so is a drill that rests on one. */
async function refusedBothTimes(words: RegExp, found: RegExp): Promise<void> {
  const receiver = await createReceiver();
  const refusal = {
    message: expect.stringMatching(words) as string,
    found: expect.stringMatching(found) as string,
  };
  try {
    await expect(takeBackup(attached.backups['dump']!, receiver, {})).rejects.toMatchObject(refusal);
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toMatchObject(refusal);
    await expect(attached.backups['binlog']!.assertUsable!('replay')).rejects.toMatchObject(refusal);
  } finally {
    await receiver.remove();
  }
}
const usable = async (): Promise<void> => attached.backups['dump']!.assertUsable!('restore');

describe('a dump is refused, and so is a drill that rests on one: it holds', () => {
  test.each(refusals.map((one) => [one.name, one] as const))(
    '%s',
    async (_name, { create, table, keyring: file, words, mend }) => {
      if (file !== keys) await keyring(file);
      await usable();
      await stack.sql(...create);
      await refusedBothTimes(words, new RegExp(`app\\.${table}`));
      await stack.sql(...mend);
      await usable();
    },
  );
});

test(stopwords.kept, async () => {
  await stack.sql(
    'CREATE TABLE app.stop (value VARCHAR(18) NOT NULL) DEFAULT CHARACTER SET utf8mb4',
    "INSERT INTO app.stop VALUES ('zebra')",
    "SET PERSIST innodb_ft_server_stopword_table = 'app/stop'",
    'CREATE TABLE app.note (id INT PRIMARY KEY, text VARCHAR(80), FULLTEXT KEY words (text))',
    "INSERT INTO app.note VALUES (1, 'about the zebra'), (2, 'what a house')",
  );
  const found = async (word: string): Promise<number> =>
    Number(
      (
        await stack.sql(
          `SELECT COUNT(*) AS n FROM app.note WHERE MATCH (text) AGAINST ('${word}' IN BOOLEAN MODE)`,
        )
      )[0]!['n'],
    );
  const finds = async (): Promise<object> => ({
    about: await found('about'),
    zebra: await found('zebra'),
    house: await found('house'),
  });
  const before = { about: 1, zebra: 0, house: 1 };
  expect(await finds()).toEqual(before);
  const without = await stack.attach({ ignoreTables: ['app.stop'] });
  await expect(without.backups['dump']!.assertUsable!('restore'), stopwords.leftOut).rejects.toMatchObject({
    message: expect.stringMatching(/under stopwords that the dump leaves out/) as string,
    found: 'app.stop',
  });
  await usable();
  const baseline = await attached.checks['inventory']!.before!();
  const receiver = await createReceiver();
  try {
    const point = receiver.artifact('dump', await takeBackup(attached.backups['dump']!, receiver, {}));
    const facts = await attached.backups['dump']!.restore!(point, {
      ...recordingContext(),
      replayFollows: false,
    });
    await up();
    expect(await finds()).toEqual(before);
    expect(facts).toMatchObject({ indexedAnew: ['app.note'] });
  } finally {
    await receiver.remove();
  }
  const outcome = await attached.checks['inventory']!.after(baseline, null, null);
  expect(outcome, outcome.detail).toMatchObject({ verdict: 'pass', facts: { differences: [] } });
});
