import { afterEach } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { openLink, type Link } from '../../../drivers/postgres/session.ts';
import { oneServer } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { leftOutCases } from '../sql/left-out-cases.ts';
import { leftOutSuite } from '../sql/left-out-rig.ts';
import { locksSuite } from '../sql/of-use-rig.ts';
import { ownRecordCases } from '../sql/own-record-cases.ts';
import { ownRecordSuite } from '../sql/own-record-rig.ts';
import { shop } from './inventory-cases.ts';
import { locks } from './of-use-cases.ts';

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
locksSuite(locks, {
  inventory,
  session,
  opening: ['BEGIN', 'DELETE FROM owned'],
  end: async (open) => {
    // It looks for longer than that.
    await systemClock.sleep(1_000);
    await open.client.query('ROLLBACK');
  },
});
leftOutSuite(leftOutCases('public'), 'public', stack);
ownRecordSuite(ownRecordCases.postgres, stack);
