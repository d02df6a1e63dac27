import { once } from 'node:events';
import type { Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import mysql from 'mysql2';
import { afterAll, beforeAll } from 'vitest';
import { createConnections, run } from '../../../drivers/mysql/connections.ts';
import { systemClock } from '../../../core/clock.ts';
import { clientPoolSuite } from '../../suites/client-pool.ts';

/** The server's side of the protocol, by mysql2: everybody is let in, and every statement is done. */
const server = mysql.createServer((connection) => {
  connection.on('error', () => undefined);
  const over = (): void => void Object.assign(connection, { sequenceId: 0 });
  for (const asked of ['query', 'stmt_prepare'])
    connection.on(asked, () => {
      connection.writeOk();
      over();
    });
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: '8.4.0',
    connectionId: 1,
    statusFlags: 2,
    characterSet: 45,
    capabilityFlags: 0xf7ff,
    authCallback: (_: unknown, done: () => void) => {
      done();
      over();
    },
  });
}) as ReturnType<typeof mysql.createServer> & { _server: Server };

beforeAll(async () => {
  server.listen(0);
  await once(server._server, 'listening');
});
afterAll(() => server.close(() => undefined));

clientPoolSuite({
  server: async () => ({ host: '127.0.0.1', port: (server._server.address() as AddressInfo).port }),
  open: (clients, limit, patienceMs) =>
    createConnections({
      user: 'root',
      password: '',
      tls: false,
      clients,
      clock: systemClock,
      limit,
      patienceMs,
    }),
  ask: (connection) => run(connection, 'SELECT 1'),
});
