import mysql from 'mysql2/promise';
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import { asClientsReach } from '../client-endpoint.ts';
import type { Queries, SqlServer } from '../sql/server.ts';
import { serverPort } from './config.ts';
import { isOwnTable } from './own-tables.ts';
import type { MysqlSite } from './site.ts';

/**
 * For who asks again and again whether a server is there, or whose waiting a recovery would be charged with.
 */
export const probeMs = 1_000;

/** For everything else: a busy machine takes seconds to greet. */
const administrationMs = 10_000;

/**
 * What a connection needs to be let in. `tls`: the server takes no plain one. Its certificate proves nothing,
 * as it made that itself, and need not: the connection goes to the drill's own container, by way of this
 * machine alone.
 */
export type WayIn = Pick<MysqlSite, 'service' | 'config' | 'password'> & { tls?: boolean };
/**
 * How mysql2 speaks TLS. Of an account that is kept by sha256_password it would ask for a key of RSA there,
 * too, and the server take that for the password: within TLS it is sent as it is (MySQL's manual, 8.4.1.3).
 */
export const overTls = (password: string): Pick<ConnectionOptions, 'ssl' | 'authPlugins'> => ({
  ssl: { rejectUnauthorized: false },
  authPlugins: { sha256_password: () => () => Buffer.from(`${password}\0`) },
});

/** Opens a connection of Muster's own to the service itself, not through the clients' way in. */
async function connect(site: WayIn, withinMs: number): Promise<Connection> {
  const { host, port } = await site.service.endpoint(serverPort);
  return mysql.createConnection({
    host,
    port,
    user: site.config.user,
    password: site.password,
    ...(site.tls ? overTls(site.password) : {}),
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
  site: WayIn,
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
  isOwn: (table) => isOwnTable(site, table),
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

/**
 * Whether the server, or this account of it, refuses a connection in the clear and takes one by TLS. Where
 * both are taken none is needed: what is measured is not how fast a machine encrypts.
 */
export async function wantsTls(way: WayIn): Promise<boolean> {
  try {
    await withSession(way, async () => undefined);
    return false;
  } catch (error) {
    if (!clearRefused.includes(serverCode(error) ?? '')) return false;
    return withSession({ ...way, tls: true }, async () => true).catch(() => false);
  }
}
/** An account that is made with REQUIRE SSL is denied as one with a wrong password is. */
const clearRefused = ['ER_SECURE_TRANSPORT_REQUIRED', 'ER_ACCESS_DENIED_ERROR'];

export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
