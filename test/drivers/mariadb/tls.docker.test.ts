import { describe, expect, test } from 'vitest';
import mariadb from '../../../drivers/mariadb/index.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { cameOf } from '../../support/existing-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { recoveryRig } from '../mysql/recovery-rig.ts';
import { stackUp } from '../mysql-stack.ts';

const rig = recoveryRig(() => stackUp('mariadb', mariadb, 'mariadb-tls'), 'max_recursive_iterations');
const { stack, attached, receivers, dump, oneLogged, restore, replay, count } = rig;
const own = (): ReturnType<typeof stack.service.endpoint> => stack.service.endpoint(3306);

describe('a server of MariaDB that takes TLS alone', { timeout: 240_000 }, () => {
  test('refuses a connection in the clear, and says so to its health check no more than to anybody', async () => {
    const { service, password } = stack;
    const plain = withSession({ service, password, config: mariadb.config.parse({}) }, async () => undefined);
    await expect(plain).rejects.toMatchObject({ code: 'ER_SECURE_TRANSPORT_REQUIRED' });
    const { code } = await service.exec(['healthcheck.sh', '--connect', '--innodb_initialized']);
    expect(code).toBe(0);
  });

  test('is spoken with by TLS: by the load, and by what reads it back', async () => {
    const { workload } = await stack.attach({}, stack.service, own);
    if (workload?.kind !== 'data') throw new Error('not a data workload');
    await workload.prepare();
    const client = await workload.open();
    await client.write([1, 2], ['a', 'b']);
    await client.close();
    const read = new Map<number, string>();
    await workload.readBack((id, value) => void read.set(id, value));
    expect([...read]).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  test('is dumped, followed, lost, restored and replayed', async () => {
    const consistency = await dump();
    const files = await oneLogged(consistency);
    const lost = await suffer(attached, 'wipe-volume');
    await expect.poll(() => lost.witness(), { timeout: 60_000 }).not.toBeNull();
    const point = receivers.base.artifact('dump', consistency);
    await restore(point, true);
    await replay(point, files, 'latest');
    await whenReady(attached);
    expect(await count('app.users')).toBe(3001);
  });

  test('is restored by an account that is made to come by TLS alone, at the server of the restore too', async () => {
    await stack.sql(
      `CREATE OR REPLACE USER boss@'%' IDENTIFIED BY '${stack.password}' REQUIRE SSL`,
      "GRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION",
    );
    const asBoss = await stack.attach({ user: 'boss' }, stack.service, own);
    const point = await takeBackup(asBoss.backups['dump']!, receivers.base, {});
    await stack.sql('DELETE FROM app.users');
    await asBoss.backups['dump']!.restore!(receivers.base.artifact('dump', point), recordingContext());
    await whenReady(asBoss);
    await asBoss.close();
    expect(await count('app.users')).toBe(3000);
  });

  test('loads what other tools dumped, and has the fingerprint of the server that it was dumped of', async () => {
    const { code, stdout, stderr } = await stack.service.exec(
      ['mariadb-dump', '--user=root', '--single-transaction', 'app'],
      { env: { MYSQL_PWD: stack.password } },
    );
    expect(code, stderr).toBe(0);
    const source = { ...(await own()), user: 'root', password: stack.password, database: 'app' };
    const { fingerprint } = await mariadb.existing!.fingerprint(source);
    const restorer = (await attached.existing())!;
    const came = await cameOf(restorer, Buffer.from(stdout), { database: 'app' });
    expect(came).toMatchObject({ is: 'restored', usable: { verdict: 'pass' } });
    expect(await restorer.count('users')).toBe(3000);
    expect(await restorer.fingerprint()).toEqual(fingerprint);
  });
});
