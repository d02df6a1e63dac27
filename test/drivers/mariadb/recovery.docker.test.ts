import { describe, expect, test } from 'vitest';
import mariadb from '../../../drivers/mariadb/index.ts';
import { suffer } from '../../support/suffer.ts';
import { pointInTimeTests } from '../mysql/point-in-time-tests.ts';
import { recoveryRig } from '../mysql/recovery-rig.ts';
import { stackUp } from '../mysql-stack.ts';
import { whenReady } from '../../suites/suite.ts';
import { makeFeatures } from './features.ts';

const rig = recoveryRig(() => stackUp('mariadb', mariadb), 'max_recursive_iterations');
const { stack, attached, receivers, followed, dump, restore, replay } = rig;

const gtidNow = async (): Promise<string> =>
  String((await stack.sql('SELECT @@GLOBAL.gtid_current_pos AS gtid'))[0]!['gtid']);
const healthy = async (): Promise<number> =>
  (await stack.service.exec(['healthcheck.sh', '--connect', '--innodb_initialized'])).code;

describe('a dump of MariaDB', { timeout: 240_000 }, () => {
  test('brings everything back after the volume was lost, the health check too, and numbers go on', async () => {
    await makeFeatures(stack);
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    const last = await gtidNow();
    const consistency = await dump();
    expect(consistency.position).toMatchObject({ gtid: last, file: expect.stringMatching(/^binlog\.\d+$/) });
    const lost = await suffer(attached, 'wipe-volume');
    await expect.poll(() => lost.witness(), { timeout: 30_000 }).not.toBeNull();
    const facts = await restore(receivers.base.artifact('dump', consistency));
    expect(facts).toMatchObject({ gtid: last, settingsChanged: [], carried: ['.my-healthcheck.cnf'] });
    await whenReady(attached);
    expect(await inventory.after(before)).toMatchObject({ verdict: 'pass' });
    expect(await healthy()).toBe(0);
    await stack.sql("INSERT INTO app.roles VALUES (9, 'new')");
    const [, , number] = last.split('-');
    expect((await gtidNow()).split('-')[2]).toBe(String(Number(number) + 1));
    // And a dump of what was restored holds what it was restored from.
    expect((await dump()).position['gtid']).toBe(await gtidNow());
  });

  test.each([
    [
      'a past that is told by transactions',
      `CREATE TABLE app.odd (id INT PRIMARY KEY, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END,
         PERIOD FOR SYSTEM_TIME (a, b)) ENGINE = InnoDB WITH SYSTEM VERSIONING`,
      /told by transactions/,
    ],
    [
      'a file outside the data folder',
      "CREATE TABLE app.odd (id INT PRIMARY KEY) DATA DIRECTORY = '/tmp'",
      /files outside the data folder/,
    ],
  ])('is refused before anything is broken where a table has %s', async (_, table, message) => {
    await attached.backups['dump']!.assertUsable!('restore');
    await stack.sql(table);
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      found: 'app.odd',
    });
    await expect(dump()).rejects.toThrow(message);
  });

  test('during which a table was made anew is none', async () => {
    const method = attached.backups['dump']!;
    let altered = false;
    const taking = method.backup!(
      {
        put: async (name, content) => {
          for await (const _ of content) {
            if (!altered) await stack.sql('CREATE TABLE app.meanwhile (id INT PRIMARY KEY)');
            altered = true;
          }
          return receivers.base.put(name, content);
        },
      },
      { options: {}, signal: AbortSignal.timeout(60_000), now: () => 0 },
    );
    await expect(taking).rejects.toThrow(/definitions changed during the dump/);
    expect(altered).toBe(true);
  });
});

describe('point in time of MariaDB', { timeout: 240_000 }, () => {
  pointInTimeTests(rig, {
    gtid: /^0-1-\d+$/,
    slippedIn: /all since the base/,
    // It counts on after the last that was replayed.
    replayed: async (facts) => expect((facts as { gtid: string }).gtid).toBe(await gtidNow()),
  });

  test('of sequences, past rows, a killed server and another log file', async () => {
    await makeFeatures(stack);
    const consistency = await dump();
    const inventory = attached.checks['inventory']!;
    let before: Awaited<ReturnType<NonNullable<typeof inventory.before>>> = null;
    const files = await followed(consistency, async () => {
      await stack.sql('SELECT NEXTVAL(shop.numbers)', 'UPDATE shop.prices SET cents = 7');
      await stack.sql('FLUSH BINARY LOGS', "INSERT INTO shop.notes (text) VALUES ('🦭 after')");
      await stack.service.signalFromHost('SIGKILL');
      await whenReady(attached);
      await stack.sql("INSERT INTO shop.notes (text) VALUES ('after the crash')");
      before = await inventory.before!();
    });
    const point = receivers.base.artifact('dump', consistency);
    const lost = await suffer(attached, 'wipe-volume');
    await expect.poll(() => lost.witness(), { timeout: 30_000 }).not.toBeNull();
    await restore(point, true);
    await replay(point, files, 'latest');
    expect(await inventory.after(before)).toMatchObject({ verdict: 'pass' });
  });
});
