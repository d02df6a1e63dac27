import { beforeAll, describe, expect, test } from 'vitest';
import type { ExistingRestorer } from '../../../core/existing.ts';
import { triesOf } from '../../support/existing-rig.ts';
import { oneServer } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { faithful, unusable } from './usable-cases.ts';

const shop = [
  'CREATE ROLE clerk',
  'CREATE TABLE customers (id int PRIMARY KEY, name text)',
  'CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers)',
  "INSERT INTO customers VALUES (1, 'Zoë'), (2, 'Jo')",
  'INSERT INTO orders SELECT n, 1 + n % 2 FROM generate_series(1, 500) n',
];

/** A dump of this shop that was made well, and what else was in its database. */
describe('what came back of a dump', () => {
  const { stack, attached } = oneServer(postgresStackUp, (up) => up.attach());
  let restorer: ExistingRestorer;
  let dump: string;
  const { usableOf } = triesOf(() => restorer);
  const withAtItsEnd = (statements: readonly string[]): string => {
    const at = dump.lastIndexOf('--\n-- PostgreSQL database dump complete');
    return [dump.slice(0, at), ...statements.map((one) => `${one};\n`), dump.slice(at)].join('');
  };
  beforeAll(async () => {
    restorer = (await attached.existing())!;
    await stack.sql(...shop);
    const { code, stdout, stderr } = await stack.service.exec(['pg_dump', 'app'], { user: 'postgres' });
    expect(code, stderr).toBe(0);
    dump = stdout;
  });

  test.each(faithful)('is of use with $name', async ({ statements, says, unseen = [] }) => {
    const usable = await usableOf(withAtItsEnd(statements));
    expect(usable, usable.detail).toMatchObject({ verdict: 'pass', facts: { wrong: [], unseen } });
    expect(usable.detail).toMatch(says);
  });
  test.each(unusable)('is of no use with $name', async ({ statements, says }) => {
    const usable = await usableOf(withAtItsEnd(statements));
    expect(usable, usable.detail).toMatchObject({ verdict: 'fail' });
    expect(usable.detail).toMatch(says);
  });
});
