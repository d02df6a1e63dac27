import { beforeEach, describe, expect, test } from 'vitest';
import postgresDriver from '../../../drivers/postgres/index.ts';
import { attachTo } from '../../support/attach-to.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { postgresStackUp } from '../postgres-stack.ts';

/** A role that owns the application's database, as applications have one beside the superuser. */
const { stack, attached } = oneServer(
  () => postgresStackUp(),
  async (up) => {
    await up.sql("CREATE ROLE shop LOGIN PASSWORD 'of the shop'", 'CREATE DATABASE shop OWNER shop');
    return attachTo(postgresDriver, {
      component: 'postgres',
      service: up.service,
      config: postgresDriver.config.parse({ user: 'shop', passwordFrom: 'SHOP', database: 'shop' }),
      secret: () => 'of the shop',
      own: () => null,
    });
  },
);
const receiver = oneReceiver();
const method = () => attached.backups['database-dump']!;
const asShop = (...statements: string[]) =>
  stack.sqlIn('shop', 'SET SESSION AUTHORIZATION shop', ...statements);

beforeEach(async () => {
  await asShop(
    'DROP SCHEMA IF EXISTS sales CASCADE',
    'DROP TABLE IF EXISTS item CASCADE',
    'DROP TYPE IF EXISTS colour',
    "CREATE TYPE colour AS ENUM ('red', 'blue')",
    'CREATE TABLE item (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, c colour)',
    "INSERT INTO item (name, c) VALUES ('Zoë 🙂', 'red'), ('two', 'blue')",
    'CREATE SCHEMA sales',
    'CREATE VIEW sales.named AS SELECT name FROM item',
    "CREATE FUNCTION sales.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1'",
  );
  await stack.sql('CREATE TABLE IF NOT EXISTS of_others (id int)');
});

const state = async (): Promise<Record<string, unknown>> =>
  (
    await stack.sqlIn(
      'shop',
      "SELECT (SELECT string_agg(name, ',' ORDER BY id) FROM item) AS names, sales.twice(21)::text AS twice, (SELECT count(*) FROM sales.named)::text AS named, (to_regclass('since') IS NULL)::text AS gone, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'item'::regclass) AS owner, nextval('item_id_seq')::text AS next",
    )
  )[0]!;

describe('a role of PostgreSQL that owns one database', () => {
  test('makes no dump of everything, and says why', async () => {
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toMatchObject({
      message: expect.stringContaining('shop cannot make a full dump'),
      hint: expect.stringContaining('method database-dump'),
    });
    await expect(takeBackup(attached.backups['dump']!, receiver, {})).rejects.toThrow(/full dump/);
  });

  test('dumps that database and brings it back, and leaves every other one alone', async () => {
    await attached.workload!.prepare();
    await method().assertUsable!('restore', {});
    const consistency = await takeBackup(method(), receiver, {});
    expect(consistency.facts).toMatchObject({ database: 'shop', by: 'shop' });
    await asShop('DROP VIEW sales.named', 'DELETE FROM item', 'CREATE TABLE since (id int)');
    await stack.sql('INSERT INTO of_others VALUES (7)');
    const stages: string[] = [];
    await method().restore!(receiver.artifact('database-dump', consistency), recordingContext(stages));
    expect(stages).toEqual(['fence', 'fence', 'restore', 'ready']);
    await whenReady(attached);
    expect(await state()).toEqual({
      ...{ names: 'Zoë 🙂,two', twice: '42', named: '2', gone: 'true', owner: 'shop', next: '3' },
    });
    expect(await stack.sql('SELECT max(id)::text AS id FROM of_others')).toEqual([{ id: '7' }]);
  });

  test('where the server was made anew and has not the role, says so, and what must make it', async () => {
    const consistency = await takeBackup(method(), receiver, {});
    await stack.sql('ALTER ROLE shop NOLOGIN');
    const { service } = stack;
    const soon = { ...recordingContext(), signal: AbortSignal.timeout(3_000) };
    await expect(method().restore!(receiver.artifact('database-dump', consistency), soon)).rejects.toThrow();
    expect((await service.state()).status, 'nothing was stopped').toBe('running');
    await stack.sql('ALTER ROLE shop LOGIN');
  });

  test.each<[string, string[], RegExp]>([
    [
      'a table of another role',
      ['CREATE TABLE public.of_boss (id int)'],
      /of other roles|belongs to other roles/,
    ],
    ['an extension of another role', ['CREATE EXTENSION tablefunc'], /extensions of other roles/],
  ])('is refused before anything is broken for %s', async (_, statements, said) => {
    await stack.sqlIn('shop', ...statements);
    await expect(method().assertUsable!('restore', {})).rejects.toThrow(said);
    await stack.sqlIn('shop', 'DROP TABLE IF EXISTS public.of_boss', 'DROP EXTENSION IF EXISTS tablefunc');
  });

  test('what it cannot look at is never a pass', async () => {
    const inventory = attached.checks['inventory']!;
    const outcome = await inventory.after(await inventory.before!());
    expect(outcome).toMatchObject({
      verdict: 'inconclusive',
      detail: expect.stringContaining('shop is no superuser'),
    });
  });
});
