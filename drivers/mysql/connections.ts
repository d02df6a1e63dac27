import { Socket } from 'node:net';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import mysql from 'mysql2';
import type { Connection, ConnectionOptions, Pool, PoolConnection } from 'mysql2';
import type { Endpoint } from '../../core/service.ts';
import { endpointLookup, usualPatienceMs } from '../client-endpoint.ts';
import * as sql from '../sql/connections.ts';
import { overTls } from './session.ts';

/** mysql2 makes room for 16 000 with each connection, and an outage is a thousand attempts to connect. */
const preparedMax = 16;

export interface ConnectionsOptions extends sql.ConnectionsOptions {
  user: string;
  password: string;
  tls: boolean;
}

export type Connections = sql.Connections<PoolConnection>;

/**
 * mysql2's own pool, with two things that it does not do: each connection is made to the address that clients
 * have just then, and nobody waits without end. A connection that comes later than that is the pool's. Who
 * waits does so before the pool's own queue: that opens connections for those who gave up, too.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { limit, patienceMs = usualPatienceMs } = options;
  const locate = endpointLookup(options.clients, options.clock, patienceMs);
  const sockets = new Set<Socket>();
  const ready = new WeakSet<PoolConnection>();
  const stream = (): Socket => {
    const socket = socketTo(locate);
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  };
  const pool = mysql.createPool({
    ...settings(options),
    connectTimeout: patienceMs,
    stream,
    connectionLimit: limit,
  });
  // One that dies while idle says so here as well; the pool forgets it by itself.
  pool.on('connection', (connection) => connection.on('error', () => undefined));
  const take = takerOf(pool, limit, patienceMs);
  return {
    use: async (work) => {
      const { connection, free } = await take();
      try {
        if (!ready.has(connection)) await withoutGapLocks(connection).catch(sql.noConnection);
        ready.add(connection);
        const result = await work(connection);
        connection.release();
        return result;
      } catch (error) {
        connection.destroy();
        throw error;
      } finally {
        free();
      }
    },
    close: () => {
      // It says goodbye to each, and a server that is frozen would never answer.
      pool.end(() => undefined);
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Taken {
  connection: PoolConnection;
  free(): void;
}

/** A place is taken as long as a connection is made for it, too, whoever still waits for that. */
function takerOf(pool: Pool, limit: number, patienceMs: number): () => Promise<Taken> {
  const places = pLimit(limit);
  const connected = promisify<PoolConnection>((done) => pool.getConnection(done));
  const take = (resolve: (taken: Taken) => void, reject: (error: unknown) => void): void => {
    let waits = true;
    const timer = setTimeout(() => {
      waits = false;
      reject(new Error(`none within ${patienceMs} ms`));
    }, patienceMs);
    const serve = async (): Promise<void> => {
      if (!waits) return;
      const connection = await connected().finally(() => clearTimeout(timer));
      if (waits) await new Promise<void>((free) => resolve({ connection, free }));
      else connection.release();
    };
    places(serve).catch(reject);
  };
  return () => new Promise(take).catch(sql.noConnection);
}

/** A socket that is connected to wherever clients go just then. */
function socketTo(locate: () => Promise<Endpoint>): Socket {
  const socket = new Socket();
  const connect = ({ host, port }: Endpoint): void => {
    if (!socket.destroyed) socket.setNoDelay(true).setKeepAlive(true).connect(port, host);
  };
  void locate().then(connect, (error: Error) => socket.destroy(error));
  return socket;
}

type Account = Pick<ConnectionsOptions, 'user' | 'password' | 'tls'>;
const settings = ({ user, password, tls }: Account): ConnectionOptions => ({
  user,
  password,
  ...(tls ? overTls(password) : {}),
  charset: 'utf8mb4',
  multipleStatements: true,
  // Until the server has let the client in: a frozen one, or one behind a proxy, never says hello.
  connectTimeout: usualPatienceMs,
  maxPreparedStatements: preparedMax,
});

/** Two writers of different rows never wait for each other. */
const withoutGapLocks = (connection: Connection): Promise<unknown> =>
  run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');

/** Connected, authenticated, and without gap locks. */
export async function openConnection(options: Account, { host, port }: Endpoint): Promise<Connection> {
  const connection = mysql.createConnection({ ...settings(options), host, port });
  connection.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    await withoutGapLocks(connection);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** One round trip. Rejects with mysql2's error; the connection is of no use after a timeout. */
export const run = <Result>(connection: Connection, sql: string, values: unknown[] = []): Promise<Result> =>
  new Promise((resolve, reject) => {
    connection.query({ sql, values, timeout: usualPatienceMs }, (error, result) =>
      error ? reject(error) : resolve(result as Result),
    );
  });
