import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { CheckOutcome } from '../../../core/driver.ts';
import { openLink, type Link } from '../../../drivers/postgres/session.ts';
import { oneServer } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { shop } from './inventory-cases.ts';
import { brief, locks } from './of-use-cases.ts';

/** A server that holds everything, and of which its application has no use. */
const { stack, attached } = oneServer(
  () => postgresStackUp(),
  async (up) => {
    await up.sql(...shop);
    await up.sql('ALTER ROLE clerk SUPERUSER');
    return up.attach();
  },
);
let opened: Link[] = [];
afterEach(() => {
  for (const { destroy } of opened) destroy();
  opened = [];
});

async function session(statements: readonly string[]): Promise<Link> {
  const link = await openLink(
    await stack.service.endpoint(5432),
    { user: 'clerk', password: 'cl3rk', tls: null },
    { database: 'app', withinMs: 10_000 },
  );
  opened.push(link);
  for (const statement of statements) await link.client.query(statement);
  return link;
}
const inventory = () => attached.checks['inventory']!;
const judged = (outcome: CheckOutcome, red: RegExp | null): void => {
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  if (red !== null) expect(outcome.detail).toMatch(red);
};

describe('a lock', { timeout: 60_000 }, () => {
  test.each(locks)('$name', async ({ statements, before, red }) => {
    const baseline = await inventory().before!();
    if (before) await session(statements);
    const justBefore = await inventory().justBefore!();
    if (!before) await session(statements);
    judged(await inventory().after(baseline, null, justBefore), red);
  });
  test(brief, async () => {
    const baseline = await inventory().before!();
    const justBefore = await inventory().justBefore!();
    const open = await session(['BEGIN', 'DELETE FROM owned']);
    const looking = inventory().after(baseline, null, justBefore);
    // It looks for longer than that.
    await systemClock.sleep(1_000);
    await open.client.query('ROLLBACK');
    judged(await looking, null);
  });
});
