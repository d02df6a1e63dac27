import { expect, test } from 'vitest';
import mariadb from '../../../drivers/mariadb/index.ts';
import mysql from '../../../drivers/mysql/index.ts';
import { suffer } from '../../support/suffer.ts';
import { recoveryRig } from '../mysql/recovery-rig.ts';
import { stackUp } from '../mysql-stack.ts';
import { makeFeatures } from './features.ts';
import { attachTo } from '../../support/attach-to.ts';

/** MariaDB 10.11, which most hosts of before have. */
const { stack, attached, receivers, followed, dump, restore, replay } = recoveryRig(
  () => stackUp('mariadb', mariadb, 'mariadb-10-11'),
  'max_recursive_iterations',
);

test('an older MariaDB is dumped, followed and brought back to a point in time', async () => {
  expect(attached.server).toMatch(/^MariaDB 10\.11\.\d+$/);
  await makeFeatures(stack);
  const inventory = attached.checks['inventory']!;
  const consistency = await dump();
  let before: Awaited<ReturnType<NonNullable<typeof inventory.before>>> = null;
  let gtid = '';
  const files = await followed(consistency, async () => {
    await stack.sql('SELECT NEXTVAL(shop.numbers)', 'UPDATE shop.prices SET cents = 7');
    before = await inventory.before!();
    const dropped = await suffer(attached, 'drop-table', { table: 'shop.notes' });
    gtid = (dropped.facts as { gtid: string }).gtid;
  });
  const point = receivers.base.artifact('dump', consistency);
  await restore(point, true);
  expect(await replay(point, files, { beforeGtid: gtid })).toMatchObject({ settingsChanged: [] });
  expect(await inventory.after(before)).toMatchObject({ verdict: 'pass' });
});

test('the driver of MySQL says whose server it is', () =>
  expect(
    attachTo(mysql, { component: 'mysql', service: stack.service, secret: () => stack.password }),
  ).rejects.toMatchObject({
    message: 'mariadb is no server of this driver',
    hint: expect.stringContaining('mariadb') as string,
  }));
