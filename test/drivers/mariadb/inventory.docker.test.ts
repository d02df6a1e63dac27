import { beforeAll, describe, expect, test } from 'vitest';
import mariadb from '../../../drivers/mariadb/index.ts';
import { oneServer } from '../../support/server-rig.ts';
import { everything } from '../../support/tier.ts';
import { stackUp } from '../mysql-stack.ts';
import { allOptions, makeFeatures } from './features.ts';
import { losses, type Loss } from './inventory-cases.ts';

/** Dumps as operators make them, loaded over what is there: what is missing then must be named. */
const { stack, attached } = oneServer(
  () => stackUp('mariadb', mariadb),
  (one) => one.attach(),
);

/** Dumps and loads the database anew, in the container; `through`: what the dump is piped through. */
async function reloaded(options: readonly string[], through = 'cat'): Promise<void> {
  const script = `set -eu; mariadb-dump --user=root --databases shop "$@" > /tmp/of-hand.sql
    mariadb --user=root --execute='DROP DATABASE shop'
    sh -c "$THROUGH" < /tmp/of-hand.sql | mariadb --user=root --default-character-set=utf8mb4`;
  const { code, stderr } = await stack.service.exec(['sh', '-c', script, 'reload', ...options], {
    env: { MYSQL_PWD: stack.password, THROUGH: through },
    deadlineMs: 60_000,
  });
  expect([code, stderr]).toEqual([0, '']);
}

describe('the inventory of MariaDB', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await makeFeatures(stack);
  }, 60_000);

  test('is silent where a dump brought everything back', async () => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await reloaded(allOptions);
    expect(await inventory.after(before)).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(/^\d+ definitions, \d+ rows of 5 tables, \d+ accounts/) as string,
    });
  });

  const lose = ({ options, through, sql }: Loss): Promise<unknown> =>
    sql === undefined ? reloaded(options ?? allOptions, through) : stack.sql(sql);
  test.each(everything ? losses : losses.slice(0, 1))('is red where $name', async ({ said, ...loss }) => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await lose({ said, ...loss });
    const found = await inventory.after(before);
    await stack.sql('SET GLOBAL read_only = OFF');
    await makeFeatures(stack);
    expect(found).toMatchObject({ verdict: 'fail' });
    const { differences } = found.facts as { differences: string[] };
    for (const one of said) expect(differences).toContainEqual(expect.stringMatching(one));
  });

  test('is of the whole application where the load is in its database, and of nothing of the load', async () => {
    const shared = await stack.attach({ database: 'shop' }, stack.service, () =>
      stack.service.endpoint(3306),
    );
    const inventory = shared.checks['inventory']!;
    const { workload } = shared;
    if (workload?.kind !== 'data') throw new Error('not a data workload');
    await workload.prepare();
    const before = await inventory.before!();
    const client = await workload.open();
    await client.write([1, 2], ['a', 'b']);
    await client.close();
    expect(await inventory.after(before, null, await inventory.justBefore!())).toMatchObject({
      verdict: 'pass',
    });
    await stack.sql('DROP TABLE shop.muster_ledger_mariadb');
    expect(await inventory.after(before)).toMatchObject({ verdict: 'pass' });
    await stack.sql("UPDATE shop.notes SET text = 'another' WHERE id = 1");
    const found = await inventory.after(before);
    await makeFeatures(stack);
    await shared.close();
    expect(found).toMatchObject({ verdict: 'fail' });
  });

  test("takes the password of the image's health check as its file says it, and no other one", async () => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    const hosts = ['localhost', '127.0.0.1', '::1'];
    const known = async (password: string, of = hosts): Promise<unknown> =>
      stack.sql(...of.map((host) => `SET PASSWORD FOR healthcheck@'${host}' = PASSWORD('${password}')`));
    await known('made anew');
    const { code } = await stack.service.exec([
      ...['sed', '-i', 's/^password=.*/password=made anew/', '/var/lib/mysql/.my-healthcheck.cnf'],
    ]);
    expect(code).toBe(0);
    expect(await inventory.after(before)).toMatchObject({ verdict: 'pass' });
    await known('of somebody', ['localhost']);
    const found = await inventory.after(before);
    await known('made anew');
    expect(found).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('account healthcheck@localhost: another password') as string,
    });
  });

  test.each<[string, string, 'pass' | 'fail' | 'inconclusive', RegExp]>([
    ['the same password anew', 'app', 'pass', /accounts with their grants/],
    ['another password', 'app', 'fail', /account app@%: another password/],
    [
      'one that nobody knows anew',
      'clerk',
      'inconclusive',
      /^account clerk@% has its password with another salt/,
    ],
  ])('where parsec keeps passwords with a salt, says of %s: %s, %s', async (what, account, verdict, said) => {
    const own = stack.service.env['MARIADB_PASSWORD']!;
    const set = (password: string): Promise<unknown> =>
      stack.sql(`ALTER USER ${account}@'%' IDENTIFIED VIA parsec USING PASSWORD('${password}')`);
    await stack.sql("INSTALL SONAME 'auth_parsec'").catch(() => undefined);
    await set(own);
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await set(what === 'another password' ? 'another' : own);
    const found = await inventory.after(before);
    await stack.sql(`ALTER USER app@'%' IDENTIFIED BY '${own}'`);
    await makeFeatures(stack);
    expect(found, found.detail).toMatchObject({ verdict, detail: expect.stringMatching(said) as string });
  });

  test('is red while somebody holds a table, and silent about an open reader', async () => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    const client = (sql: string) =>
      stack.service.spawn(['mariadb', '--user=root', '--execute', sql], {
        env: { MYSQL_PWD: stack.password },
      });
    const reader = await client('BEGIN; SELECT * FROM shop.notes; DO SLEEP(60)');
    const read = await inventory.after(before, null, await inventory.justBefore!());
    await reader.kill();
    expect(read).toMatchObject({ verdict: 'pass' });
    const holder = await client('LOCK TABLES shop.notes READ; DO SLEEP(60)');
    const held = await expect
      .poll(() => inventory.after(before), { timeout: 60_000 })
      .toMatchObject({ verdict: 'fail', gone: [expect.stringContaining('table lock on shop.notes')] })
      .finally(() => holder.kill());
    return held;
  });
});
