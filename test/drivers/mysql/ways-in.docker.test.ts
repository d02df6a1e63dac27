import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import mysqlDriver from '../../../drivers/mysql/index.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
import { suffer } from '../../support/suffer.ts';
import { cameOf } from '../../support/existing-rig.ts';
import { recordingContext, startFollowing, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { recoveryRig } from './recovery-rig.ts';

const { stack, receivers } = recoveryRig(mysqlStackUp);
/** As root, by a way that every server takes. */
const overTls = (sql: string): Promise<unknown[]> =>
  withSession(
    { service: stack.service, password: stack.password, config: mysqlDriver.config.parse({}), tls: true },
    ({ rows }) => rows(sql),
  );
const own = (): ReturnType<typeof stack.service.endpoint> => stack.service.endpoint(3306);

interface Way {
  account: string;
  /** How its password is kept, and what it must come by. */
  plugin: string;
  require: string;
  /** The server itself takes nothing else. */
  tlsAlone?: true;
}
const ways: Way[] = [
  { account: 'kept by caching_sha2_password', plugin: 'caching_sha2_password', require: '' },
  { account: 'kept by sha256_password', plugin: 'sha256_password', require: '' },
  { account: 'that must come by TLS', plugin: 'caching_sha2_password', require: 'REQUIRE SSL' },
  {
    account: 'kept by sha256_password that must come by TLS',
    plugin: 'sha256_password',
    require: 'REQUIRE SSL',
  },
  {
    account: 'kept by sha256_password, of a server that takes TLS alone',
    plugin: 'sha256_password',
    require: '',
    tlsAlone: true,
  },
  {
    account: 'kept by caching_sha2_password, of a server that takes TLS alone',
    plugin: 'caching_sha2_password',
    require: '',
    tlsAlone: true,
  },
];

/** Muster's own account as strangers have it: whatever way it comes in by, all that a drill does works. */
describe.each(ways)('an account $account', { timeout: 240_000 }, ({ plugin, require, tlsAlone }) => {
  let attached: Attached;
  beforeEach(async () => {
    await stack.sql(
      `SET PERSIST require_secure_transport = ${tlsAlone ? 'ON' : 'OFF'}`,
      // A restore test before this one left it off, and no restart would.
      'SET GLOBAL event_scheduler = ON',
      'DROP USER IF EXISTS keeper',
      `CREATE USER keeper IDENTIFIED WITH ${plugin} BY '${stack.password}' ${require}`,
      'GRANT ALL ON *.* TO keeper WITH GRANT OPTION',
      // What the server remembers of a login would let the next one in by a shorter way.
      'FLUSH PRIVILEGES',
    );
    attached = await stack.attach(
      { user: 'keeper', passwordFrom: 'MYSQL_ROOT_PASSWORD' },
      stack.service,
      own,
    );
  });
  afterEach(async () => {
    await attached.close();
    await overTls('SET PERSIST require_secure_transport = OFF');
  });

  test('writes, reads back, dumps, follows the log, loses all, restores, replays and takes stock', async () => {
    const { workload } = attached;
    if (workload?.kind !== 'data') throw new Error('not a data workload');
    await workload.prepare();
    const client = await workload.open();
    await client.write([1], ['one']);
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    const point = await takeBackup(attached.backups['dump']!, receivers.base, {});
    const log = await startFollowing(attached.backups['binlog']!, receivers.log, point);
    await client.write([2], ['two']);
    await client.close();
    await log.stop();
    const lost = await suffer(attached, 'wipe-volume');
    await expect.poll(() => lost.witness(), { timeout: 60_000 }).not.toBeNull();
    const base = receivers.base.artifact('dump', point);
    await attached.backups['dump']!.restore!(base, { ...recordingContext(), replayFollows: true });
    const logged = receivers.log.artifact('binlog', point);
    await attached.backups['binlog']!.replay!(logged, 'latest', base, recordingContext());
    await whenReady(attached);
    const read = new Map<number, string>();
    await workload.readBack((id, value) => void read.set(id, value));
    expect([...read]).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
    const found = await inventory.after(before);
    expect(found, found.detail).toMatchObject({ verdict: 'pass' });
  });

  test('loads what other tools dumped', async () => {
    const argv = ['mysqldump', '--user=root', '--single-transaction', '--set-gtid-purged=OFF', 'app'];
    const dumped = await stack.service.exec(argv, { env: { MYSQL_PWD: stack.password } });
    expect(dumped.code, dumped.stderr).toBe(0);
    const restorer = (await attached.existing())!;
    const came = await cameOf(restorer, Buffer.from(dumped.stdout), { database: 'app' });
    expect(came).toMatchObject({ is: 'restored', usable: { verdict: 'pass' } });
    expect(await restorer.count('users')).toBe(3000);
  });
});
