import { beforeEach } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import type { Artifact, Consistency } from '../../../core/backup.ts';
import {
  createReceiver,
  recordingContext,
  startFollowing,
  takeBackup,
  type Receiver,
} from '../../suites/artifact.ts';
import { oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { whenReady } from '../../suites/suite.ts';

export type RecoveryRig = ReturnType<typeof recoveryRig>;

/**
 * One server, of MySQL or of a fork, for all tests of a file. Each begins with the same tables, and with
 * empty receivers of a base and of a log.
 */
export function recoveryRig(up = mysqlStackUp, recursionBound = 'cte_max_recursion_depth') {
  const { stack, attached } = oneServer(up, (stack) => stack.attach());
  const receivers = {} as { base: Receiver; log: Receiver };

  beforeEach(async () => {
    await whenReady(attached);
    receivers.base = await createReceiver();
    receivers.log = await createReceiver();
    await stack.sql(
      'DROP DATABASE IF EXISTS app',
      'CREATE DATABASE app',
      'CREATE TABLE app.roles (id INT PRIMARY KEY, name VARCHAR(20))',
      'CREATE TABLE app.users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) UNIQUE, hash VARCHAR(200), role INT, FOREIGN KEY (role) REFERENCES app.roles (id))',
      "INSERT INTO app.roles VALUES (1, 'member'), (2, 'admin')",
      `SET SESSION ${recursionBound} = 100000`,
      "INSERT INTO app.users (email, hash, role) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT CONCAT('u', i, '@example.org'), REPEAT(SHA2(i, 256), 3), 1 FROM n",
    );
    const { base, log } = receivers;
    return async () => {
      await base.remove();
      await log.remove();
    };
  });
  const follow = async (consistency: Consistency | null): ReturnType<typeof startFollowing> =>
    startFollowing(attached.backups['binlog']!, receivers.log, consistency);
  const dump = async (): Promise<Consistency> => takeBackup(attached.backups['dump']!, receivers.base, {});
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
  /** Everything in the log up to here has been shipped. */
  async function followed(consistency: Consistency, work: () => Promise<void>): Promise<Artifact> {
    const follower = await follow(consistency);
    await work();
    await follower.stop();
    return receivers.log.artifact('binlog', consistency);
  }

  /** A log of one user that was added. */
  const oneLogged = (consistency: Consistency): Promise<Artifact> =>
    followed(
      consistency,
      async () =>
        void (await stack.sql("INSERT INTO app.users (email, role) VALUES ('logged@example.org', 1)")),
    );

  return { stack, attached, receivers, follow, followed, oneLogged, dump, restore, replay, count, setting };
}
