import { expect, test } from 'vitest';
import type { CheckOutcome } from '../../../core/driver.ts';
import { structureCheck } from '../../../drivers/postgres/check-structure.ts';
import type { PostgresSite } from '../../../drivers/postgres/server.ts';
import { oneServer, siteOf } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';

/** What the check may not call green: what it did not look at, or was not let look at. */
const { stack, attached } = oneServer(
  () => postgresStackUp(),
  (up) => up.attach(),
);
const site = (): PostgresSite => siteOf(attached);

const looked = (of: Partial<PostgresSite> = {}): Promise<CheckOutcome> =>
  structureCheck({ ...site(), ...of }).after(null);
const extensions = (): Promise<unknown> => stack.sql('SELECT extname FROM pg_extension ORDER BY 1');

test('a server that holds nothing of anybody is no pass', async () => {
  expect(await looked()).toMatchObject({ verdict: 'inconclusive', nothing: true });
});

test('definitions alone, as a dump without data brings them, are no pass', async () => {
  await stack.sql('CREATE TABLE hollow (id int PRIMARY KEY)');
  expect(await looked()).toMatchObject({
    verdict: 'inconclusive',
    detail: expect.stringMatching(/has a page/) as string,
    nothing: true,
  });
  await stack.sql('INSERT INTO hollow VALUES (1)');
  expect(await looked()).toMatchObject({ verdict: 'pass' });
  await stack.sql('DROP TABLE hollow');
});

test('an old server, whose tables nobody can look at so, is judged by its indexes alone', async () => {
  await stack.sql('CREATE TABLE plain (id int)', 'INSERT INTO plain VALUES (1)');
  expect(await looked()).toMatchObject({ verdict: 'pass' });
  expect(await looked({ major: 13 })).toMatchObject({ verdict: 'inconclusive', facts: { tables: 0 } });
  await stack.sql('CREATE INDEX of_plain ON plain (id)');
  expect(await looked({ major: 13 })).toMatchObject({ verdict: 'pass', facts: { tables: 0 } });
});

test('an account that may not make the extension shows nothing, and leaves nothing', async () => {
  const before = await extensions();
  await stack.sql("CREATE ROLE poor LOGIN PASSWORD 'poor'");
  const outcome = await looked({ account: { user: 'poor', password: 'poor', tls: null } });
  expect(outcome).toMatchObject({ verdict: 'inconclusive', facts: { code: '42501' } });
  expect(await extensions()).toEqual(before);
  expect(await stack.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'muster_amcheck'")).toEqual([]);
});
