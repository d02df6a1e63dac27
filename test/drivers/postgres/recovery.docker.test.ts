import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { withSession } from '../../../drivers/postgres/server.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { losses, shop } from './inventory-cases.ts';

const { stack, attached } = oneServer(
  () => postgresStackUp(),
  async (up) => {
    const one = await up.attach();
    if (one.workload?.kind === 'data') await one.workload.prepare();
    await up.sql(...shop);
    await up.sqlIn("ot=her 's", 'CREATE TABLE things (id int)', 'INSERT INTO things VALUES (1)');
    return one;
  },
);
const receiver = oneReceiver();
const asClerk = (): Promise<string> =>
  withSession(
    {
      service: stack.service,
      account: { user: 'clerk', password: 'cl3rk', tls: null },
      database: 'app',
    },
    async ({ rows }) => (await rows<{ n: string }>('SELECT count(*) AS n FROM customers'))[0]!.n,
  );

describe('a backup, the loss of everything and a restore', { timeout: 240_000 }, () => {
  test('bring back all that there is, and who may log in may do so again', async () => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await attached.backups['dump']!.assertUsable!('restore');
    const point = await takeBackup(attached.backups['dump']!, receiver, {});
    const last = await inventory.justBefore!();
    await stack.sql("INSERT INTO customers (mail) SELECT 'late@example.org'").catch(() => null);
    const wiped = await suffer(attached, 'wipe-volume');
    await expect.poll(() => wiped.witness(), { timeout: 60_000 }).not.toBeNull();
    const red = await inventory.after(before, null, last);
    expect(red).toMatchObject({ verdict: expect.stringMatching(/fail|inconclusive/) });
    await attached.backups['dump']!.restore!(receiver.artifact('dump', point), recordingContext());
    await whenReady(attached);
    const after = await inventory.after(before, null, last);
    expect(after, after.detail).toMatchObject({ verdict: 'pass' });
    expect(after.detail).toMatch(/2\d{3} rows of \d+ tables/);
    expect(await asClerk()).toBe('500');
    // The figures by which queries are planned are in no dump.
    expect(await stack.sql("SELECT 1 FROM pg_stats WHERE tablename = 'customers'")).not.toEqual([]);
  });

  test('the newest point may be restored over a server that runs', async () => {
    const before = await attached.checks['inventory']!.before!();
    const point = await takeBackup(attached.backups['dump']!, receiver, {});
    await stack.sql('DROP TABLE customers CASCADE', 'CREATE TABLE left_over (id int)');
    await attached.backups['dump']!.restore!(receiver.artifact('dump', point), recordingContext());
    const after = await attached.checks['inventory']!.after(before);
    expect(after, after.detail).toMatchObject({ verdict: 'pass' });
  });
});

describe('what a restore lost is seen', { timeout: 60_000 }, () => {
  test.each(losses)('$name', async ({ spoil, mend, red }) => {
    const inventory = attached.checks['inventory']!;
    const before = await inventory.before!();
    await stack.sql(...spoil);
    const spoilt = await inventory.after(before);
    expect(spoilt, spoilt.detail).toMatchObject({ verdict: 'fail', detail: expect.stringMatching(red) });
    await stack.sql(...mend);
    const mended = await inventory.after(before);
    expect(mended, mended.detail).toMatchObject({ verdict: 'pass' });
  });
});

describe('a restore ends with its first error', { timeout: 240_000 }, () => {
  test.each<[string, string, (text: string) => string, RegExp]>([
    [
      'roles that cannot be made',
      'roles.sql',
      (text) => text.replace('CREATE ROLE clerk;', 'CREATE ROLE clerk; CREATE ROLE clerk;'),
      /role "clerk" already exists/,
    ],
    [
      'a role that owns something and is not made',
      'roles.sql',
      (text) => text.replace(/^.* clerk[ ;].*$/gm, '').replace(/^.*\bclerk\b.*$/gm, ''),
      /role "clerk" does not exist/,
    ],
    [
      'a sequence below where it stood',
      'cluster.json',
      (text) => text.replace('"public.customers_id_seq":"500"', '"public.customers_id_seq":"501"'),
      /public\.customers_id_seq: 500, was 501/,
    ],
  ])('%s: nothing of what was there is gone', async (_, name, change, said) => {
    const point = await takeBackup(attached.backups['dump']!, receiver, {});
    const artifact = receiver.artifact('dump', point);
    const { path } = artifact.files.find((file) => file.name === name)!;
    const text = await readFile(path, 'utf8');
    expect(change(text)).not.toBe(text);
    writeFileSync(path, change(text));
    const restored = attached.backups['dump']!.restore!({ ...artifact, facts: null }, recordingContext());
    await expect(restored).rejects.toSatisfy((error: Error & { found?: string }) =>
      said.test(`${error.message} ${error.found}`),
    );
    await stack.service.start();
    await whenReady(attached);
    expect(await asClerk()).toBe('500');
  });
});

describe('what no restore could bring back is refused before anything is broken', () => {
  test.each<[string, string[], string[], RegExp]>([
    [
      'a database that lets nobody in',
      ['CREATE DATABASE closed ALLOW_CONNECTIONS false'],
      ['DROP DATABASE closed'],
      /databases let nobody in/,
    ],
  ])('%s', async (_, make, unmake, said) => {
    await stack.sql(...make);
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toThrow(said);
    await expect(takeBackup(attached.backups['dump']!, receiver, {})).rejects.toThrow(said);
    await stack.sql(...unmake);
    await attached.backups['dump']!.assertUsable!('restore');
  });

  test.each([
    ['a relation', 'TABLE everywhere (id int)', 'TABLE everywhere'],
    ['an extension', 'EXTENSION unaccent', 'EXTENSION unaccent'],
    ['a function', "FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", 'FUNCTION one()'],
  ])('%s in the template of every database', async (_, what, named) => {
    const inventory = attached.checks['inventory']!;
    await stack.sqlIn('template1', `CREATE ${what}`);
    await expect(attached.backups['dump']!.assertUsable!('restore')).rejects.toThrow(/template1 holds/);
    const before = await inventory.before!();
    await stack.sqlIn('template1', `DROP ${named}`);
    // As a restore by a script that nobody asked beforehand leaves it.
    const lost = await inventory.after(before);
    expect(lost, lost.detail).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/template1: .* is missing/),
    });
    await attached.backups['dump']!.assertUsable!('restore');
  });
});

afterAll(() => expect(stack.notes).toEqual([]));
