import mysql from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { asClientsReach } from '../client-endpoint.ts';
import type { Queries, SqlServer } from '../sql/server.ts';
import { serverPort } from './config.ts';
import type { MysqlSite } from './site.ts';

/**
 * For who asks again and again whether a server is there, or whose waiting a recovery would be charged with.
 */
export const probeMs = 1_000;

/** For everything else: a busy machine takes seconds to greet. */
const administrationMs = 10_000;

/** Opens a connection of Muster's own to the service itself, not through the clients' way in. */
async function connect(
  site: Pick<MysqlSite, 'service' | 'config' | 'password'>,
  withinMs: number,
): Promise<Connection> {
  const { host, port } = await site.service.endpoint(serverPort);
  return mysql.createConnection({
    host,
    port,
    user: site.config.user,
    password: site.password,
    connectTimeout: withinMs,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
}

export interface Session extends Queries {
  connection: Connection;
}

/** The server as its clients meet it: wherever a failover has put it. */
export const asClientsMeetIt = <S extends Pick<MysqlSite, 'service' | 'clients'>>(site: S): S =>
  asClientsReach(site, serverPort);

/**
 * Runs work on one connection and closes it. The server's errors pass through. `connectMs`: how long it may
 * take to be let in.
 */
export async function withSession<T>(
  site: Pick<MysqlSite, 'service' | 'config' | 'password'>,
  work: (session: Session) => Promise<T>,
  connectMs = administrationMs,
): Promise<T> {
  const connection = await connect(site, connectMs);
  // A connection that dies while idle reports it here as well; the next query on it says so again.
  connection.on('error', () => undefined);
  try {
    const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
      (await connection.query<RowDataPacket[]>(sql, values))[0] as Row[];
    return await work({ connection, rows });
  } finally {
    connection.destroy();
  }
}

/** What the faults of every SQL server need of this one. */
export const sqlServer = (site: MysqlSite): SqlServer<Session> => ({
  service: site.service,
  dataFolder: site.dataFolder,
  ownSchema: site.config.database,
  ask: (work) => withSession(site, work),
  askAsClients: (work) => withSession(asClientsMeetIt(site), work),
  factsOfNothing: { gtid: null },
});

/**
 * The server's own error code (`ER_NO_SUCH_TABLE`), or null for an error that did not come from the server.
 */
export function serverCode(error: unknown): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('ER_') ? code : null;
}

export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
