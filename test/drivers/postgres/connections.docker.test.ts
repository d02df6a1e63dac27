import { systemClock } from '../../../core/clock.ts';
import { createConnections } from '../../../drivers/postgres/connections.ts';
import type { PostgresSite } from '../../../drivers/postgres/server.ts';
import { sessionOf } from '../../../drivers/postgres/session.ts';
import { clientPoolSuite } from '../../suites/client-pool.ts';
import { oneServer, siteOf } from '../../support/server-rig.ts';
import { postgresStackUp } from '../postgres-stack.ts';

const { stack, attached } = oneServer(
  () => postgresStackUp(),
  (up) => up.attach(),
);
const site = (): PostgresSite => siteOf(attached);

clientPoolSuite({
  server: () => stack.service.endpoint(5432),
  open: (clients, limit, patienceMs) =>
    createConnections({
      account: site().account,
      database: site().database,
      clients,
      clock: systemClock,
      limit,
      patienceMs,
    }),
  ask: (client) => sessionOf({ client }).rows('SELECT 1'),
});
