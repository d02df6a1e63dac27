import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createConnections } from '../../../drivers/postgres/connections.ts';
import type { PostgresSite } from '../../../drivers/postgres/server.ts';
import { sessionOf } from '../../../drivers/postgres/session.ts';
import { clientPoolSuite } from '../../suites/client-pool.ts';
import { postgresStackUp, type PostgresStack } from '../postgres-stack.ts';

let stack: PostgresStack;
let site: PostgresSite;
let close: () => Promise<void>;
beforeAll(async () => {
  stack = await postgresStackUp();
  const attached = (await stack.attach()) as Awaited<ReturnType<typeof stack.attach>> & {
    site: PostgresSite;
  };
  site = attached.site;
  close = () => attached.close();
});
afterAll(async () => {
  await close?.();
  await stack?.down();
});

clientPoolSuite({
  server: () => stack.service.endpoint(5432),
  open: (clients, limit, patienceMs) =>
    createConnections({
      account: site.account,
      database: site.database,
      clients,
      clock: systemClock,
      limit,
      patienceMs,
    }),
  ask: (client) => sessionOf({ client }).rows('SELECT 1'),
});
