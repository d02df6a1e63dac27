import mysql from 'mysql2';
import type { Connection } from 'mysql2';
import type { Endpoint } from '../../core/service.ts';
import { OperationError } from '../../core/ledger.ts';
import { messageOf } from '../../core/errors.ts';

/**
 * How long a client waits: for a connection, for one of those it has to become free, for an answer. A busy
 * machine alone takes a second.
 */
const patienceMs = 2_000;
const endpointKeptMs = 40;
/** mysql2 makes room for 16 000 with each connection, and an outage is a thousand attempts to connect. */
const preparedMax = 16;

export interface ConnectionsOptions {
  user: string;
  password: string;
  clients(): Promise<Endpoint>;
  nowMs(): number;
  limit: number;
}

/**
 * A few connections that are opened when needed and thrown away at the first doubt; no operation is ever
 * tried twice.
 */
export interface Connections {
  /** Rejects with a certain OperationError: nothing was sent. */
  take(): Promise<Connection>;
  give(connection: Connection): void;
  discard(connection: Connection): void;
  close(): void;
}

interface Waiter {
  resolve(connection: Connection): void;
  reject(error: Error): void;
}

/**
 * mysql2's own pool keeps an address for ever and waits without end for a connection; a service that was
 * restarted has another port, and a client that waits is not a client that saw a failure.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const idle: Connection[] = [];
  const waiting: Waiter[] = [];
  const all = new Set<Connection>();
  const locate = endpointLookup(options);
  let opening = 0;

  const discard = (connection: Connection): void => {
    // It ends again when it is destroyed; its place is given away once.
    if (!all.delete(connection)) return;
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
    connection.destroy();
    const next = waiting.shift();
    if (next) void openFor(next);
  };
  const openFor = async ({ resolve, reject }: Waiter): Promise<void> => {
    opening += 1;
    try {
      const connection = await openConnection(options, await locate());
      all.add(connection);
      connection.on('error', () => discard(connection));
      connection.on('end', () => discard(connection));
      resolve(connection);
    } catch (error) {
      reject(new OperationError(`no connection: ${messageOf(error)}`, true, error));
    } finally {
      opening -= 1;
    }
  };
  const give = (connection: Connection): void => {
    if (!all.has(connection)) return;
    const next = waiting.shift();
    if (next) next.resolve(connection);
    else idle.push(connection);
  };
  const take = (): Promise<Connection> => {
    const there = idle.pop();
    if (there) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      if (all.size + opening < options.limit) return void openFor({ resolve, reject });
      waiting.push(waiterUntil(patienceMs, waiting, resolve, reject));
    });
  };
  return {
    take,
    give,
    discard,
    close: () => {
      for (const connection of all) connection.destroy();
      all.clear();
      idle.length = 0;
    },
  };
}

function waiterUntil(
  deadlineMs: number,
  waiting: Waiter[],
  resolve: (connection: Connection) => void,
  reject: (error: Error) => void,
): Waiter {
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(waiter), 1);
    reject(new OperationError(`no connection became free within ${deadlineMs} ms`, true));
  }, deadlineMs);
  const waiter: Waiter = {
    resolve: (connection) => {
      clearTimeout(timer);
      resolve(connection);
    },
    reject: (error) => {
      clearTimeout(timer);
      reject(error);
    },
  };
  return waiter;
}

/** Looks the address up anew, but not for each of the many attempts of an outage. */
function endpointLookup({ clients, nowMs }: ConnectionsOptions): () => Promise<Endpoint> {
  let asked: { atMs: number; answer: Promise<Endpoint> } | null = null;
  return () => {
    if (asked === null || nowMs() - asked.atMs > endpointKeptMs) {
      asked = { atMs: nowMs(), answer: clients() };
      asked.answer.catch(() => undefined);
    }
    return asked.answer;
  };
}

/**
 * Connected, authenticated, and without gap locks: two writers of different rows never wait for each other.
 */
export async function openConnection(
  options: Pick<ConnectionsOptions, 'user' | 'password'>,
  { host, port }: Endpoint,
): Promise<Connection> {
  const connection = mysql.createConnection({
    host,
    port,
    user: options.user,
    password: options.password,
    charset: 'utf8mb4',
    multipleStatements: true,
    connectTimeout: patienceMs,
    maxPreparedStatements: preparedMax,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      // connectTimeout ends with the TCP connection; a frozen server, or one behind a proxy, never says
      // hello.
      const timer = setTimeout(() => reject(new Error(`no greeting within ${patienceMs} ms`)), patienceMs);
      const settle = (error: Error | null): void => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      connection.once('error', settle);
      connection.connect((error) => settle(error));
    });
    connection.removeAllListeners('error');
    connection.on('error', () => undefined);
    await run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    return connection;
  } catch (error) {
    connection.on('error', () => undefined);
    connection.destroy();
    throw error;
  }
}

/** One round trip. Rejects with mysql2's error; the connection is of no use after a timeout. */
export const run = <Result>(connection: Connection, sql: string, values: unknown[] = []): Promise<Result> =>
  new Promise((resolve, reject) => {
    connection.query({ sql, values, timeout: patienceMs }, (error, result) =>
      error ? reject(error) : resolve(result as Result),
    );
  });
