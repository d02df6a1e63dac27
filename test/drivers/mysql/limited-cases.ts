import { beforeEach, describe, expect, test } from 'vitest';
import { suffer } from '../../support/suffer.ts';
import { oneReceiver, oneServer, siteOf } from '../../support/server-rig.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import type { MysqlSite } from '../../../drivers/mysql/site.ts';
import type { MysqlStack } from '../mysql-stack.ts';

/** A server whose application has an account of its own, and Muster none but that. */
export function limitedCases(up: () => Promise<MysqlStack>, passwordFrom: string): void {
  const { stack, attached } = oneServer(up, (one) =>
    one.attach({ user: 'app', passwordFrom, database: 'app' }),
  );
  const receiver = oneReceiver();
  const method = () => attached.backups['database-dump']!;
  const asApp = "'app'@'%'";
  const rowsOf = async (): Promise<unknown> => (await stack.sql('SELECT * FROM app.item ORDER BY id')).length;

  beforeEach(async () => {
    await stack.sql(
      `CREATE USER IF NOT EXISTS ${asApp}`,
      `GRANT ALL ON app.* TO ${asApp}`,
      'DROP DATABASE IF EXISTS app',
      'CREATE DATABASE app',
      'CREATE DATABASE IF NOT EXISTS of_others',
      'CREATE TABLE IF NOT EXISTS of_others.t (id INT PRIMARY KEY)',
      'CREATE TABLE app.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) CHARACTER SET utf8mb4)',
      "INSERT INTO app.item (name) VALUES ('Zoë 🙂'), ('two')",
      `CREATE DEFINER=${asApp} VIEW app.named AS SELECT name FROM app.item`,
      `CREATE DEFINER=${asApp} TRIGGER app.no_empty BEFORE INSERT ON app.item FOR EACH ROW SET NEW.name = COALESCE(NEW.name, '')`,
      `CREATE DEFINER=${asApp} FUNCTION app.twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n`,
      `CREATE DEFINER=${asApp} EVENT app.later ON SCHEDULE EVERY 1 YEAR STARTS '2099-01-01' DO DELETE FROM app.item`,
    );
  });

  test('makes no dump of everything, and says of what it has not the rights', async () => {
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toMatchObject({
      message: expect.stringContaining('app cannot make a full dump'),
      hint: expect.stringContaining('method database-dump'),
    });
  });

  test('dumps the database that it owns and brings it back, and leaves every other one alone', async () => {
    await attached.workload!.prepare();
    await method().assertUsable!('restore', {});
    const consistency = await takeBackup(method(), receiver, {});
    expect(consistency.facts).toMatchObject({ databases: ['app'], by: 'app', without: [] });
    await stack.sql('DROP VIEW app.named', 'DELETE FROM app.item', 'CREATE TABLE app.since (id INT)');
    await stack.sql('INSERT IGNORE INTO of_others.t VALUES (7)');
    const stages: string[] = [];
    await method().restore!(receiver.artifact('database-dump', consistency), recordingContext(stages));
    expect(stages).toEqual(['fence', 'fence', 'restore', 'ready']);
    await whenReady(attached);
    const [back] = await stack.sql(
      "SELECT (SELECT GROUP_CONCAT(name ORDER BY id) FROM app.item) AS names, app.twice(21) AS twice, (SELECT COUNT(*) FROM app.named) AS named, (SELECT MAX(id) FROM of_others.t) AS others, (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'app' AND table_name = 'since') AS since, (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'app') AS triggers, (SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 'app') AS events",
    );
    expect(Object.fromEntries(Object.entries(back!).map(([name, value]) => [name, String(value)]))).toEqual({
      ...{
        names: 'Zoë 🙂,two',
        twice: '42',
        named: '2',
        others: '7',
        since: '0',
        triggers: '1',
        events: '1',
      },
    });
  });

  test('and so it does onto the server that an image makes where all data was lost', async () => {
    await stack.sql(`DROP TRIGGER app.no_empty`);
    const consistency = await takeBackup(method(), receiver, {});
    const { witness } = await suffer(attached, 'wipe-volume');
    await expect.poll(() => witness(), { timeout: 60_000, interval: 50 }).not.toBeNull();
    await method().restore!(receiver.artifact('database-dump', consistency), recordingContext());
    await whenReady(attached);
    expect(await rowsOf()).toBe(2);
  });

  describe('is refused before anything is broken', () => {
    const refused = (said: RegExp, options: Record<string, unknown> = {}): Promise<void> =>
      expect(method().assertUsable!('restore', options)).rejects.toThrow(said);

    test('where it would not see events, triggers or routines, unless the strategy says that they are left out', async () => {
      await stack.sql(
        `REVOKE ALL ON app.* FROM ${asApp}`,
        `GRANT SELECT, SHOW VIEW, INSERT, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES ON app.* TO ${asApp}`,
      );
      await refused(/app cannot see everything in databases/);
      await expect(takeBackup(method(), receiver, {})).rejects.toThrow(/cannot see everything/);
      const without = { without: ['triggers', 'events', 'routines'] };
      await method().assertUsable!('restore', without);
      const consistency = await takeBackup(method(), receiver, without);
      expect(consistency.facts).toMatchObject(without);
    });
    test('where it could not load what it dumps', async () => {
      await stack.sql(`REVOKE DROP ON app.* FROM ${asApp}`);
      await refused(/app cannot dump and load databases/);
    });
    test('where a definition runs as somebody else', async () => {
      await stack.sql("CREATE DEFINER='root'@'localhost' VIEW app.of_root AS SELECT 1 AS one");
      await refused(/app cannot load what runs as another account/);
    });
    test('where the database is not there', () =>
      refused(/app sees no database nowhere/, { databases: ['nowhere'] }));
  });

  test('what it dumped root puts back as well', async () => {
    const consistency = await takeBackup(method(), receiver, {});
    const artifact = receiver.artifact('database-dump', consistency);
    await stack.sql('DELETE FROM app.item');
    const asRoot = await stack.attach();
    await asRoot.backups['database-dump']!.restore!(artifact, recordingContext());
    expect(await rowsOf()).toBe(2);
    expect(siteOf<MysqlSite>(asRoot).restored.torn.tables).toEqual([]);
    await asRoot.close();
  });
}
