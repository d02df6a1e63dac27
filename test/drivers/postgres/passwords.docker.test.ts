import { beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import postgresDriver from '../../../drivers/postgres/index.ts';
import { withSession } from '../../../drivers/postgres/server.ts';
import { attachTo } from '../../support/attach-to.ts';
import { oneServer } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { passwordCases } from './password-cases.ts';

/** A server chooses another salt whenever a password is set: that alone says nothing of the password. */
const boss = { user: 'boss', password: 'of the boss', tls: null };
const { stack, attached } = oneServer(
  () => postgresStackUp(),
  async (up): Promise<Attached> => {
    await up.sql(
      "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'of the boss'",
      'CREATE TABLE t (id int)',
      'INSERT INTO t VALUES (1)',
    );
    return attachTo(postgresDriver, {
      component: 'postgres',
      service: up.service,
      config: postgresDriver.config.parse({ user: 'boss', passwordFrom: 'BOSS', database: 'app' }),
      secret: () => boss.password,
      own: (name) => up.service.env[name] || null,
    });
  },
);
/** Whatever the password of `postgres` is by now. */
const sql = (...statements: string[]): Promise<void> =>
  withSession({ service: stack.service, account: boss, database: 'app' }, async ({ rows }) => {
    for (const statement of statements) await rows(statement);
  });
const own = (): string => stack.service.env['POSTGRES_PASSWORD']!.replaceAll("'", "''");

beforeEach(() =>
  sql(
    'DROP ROLE IF EXISTS clerk, older',
    "CREATE ROLE clerk LOGIN PASSWORD 'cl3rk'",
    "SET password_encryption = 'md5'",
    "CREATE ROLE older LOGIN PASSWORD 'of old'",
    'RESET password_encryption',
    `ALTER ROLE postgres PASSWORD '${own()}'`,
  ),
);

describe('of passwords the inventory says what can be said', () => {
  test.each(passwordCases)('$name: $verdict', async ({ change, verdict, said }) => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await sql(...change(own()));
    const found = await inventory.after(before);
    expect(found, found.detail).toMatchObject({ verdict, detail: expect.stringMatching(said) });
  });
});
