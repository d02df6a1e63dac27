import { Socket } from 'node:net';
import pLimit from 'p-limit';
import pg from 'pg';
import type { Client, ClientConfig } from 'pg';
import type { Endpoint } from '../../core/service.ts';
import { endpointLookup, usualPatienceMs } from '../client-endpoint.ts';
import * as sql from '../sql/connections.ts';
import { clientConfig, type Account } from './session.ts';

/**
 * Each costs the server a process, and both sides thousands of hashes: many at once on a busy machine all
 * take longer than anybody waits, are given up, and begin again.
 */
const openingMax = 2;

export interface ConnectionsOptions extends sql.ConnectionsOptions {
  account: Account;
  database: string;
}

export type Connections = sql.Connections<Client>;

/** What the pool makes: it goes where clients go just then. `sockets` holds those of all that are open. */
function clientsOf(config: ClientConfig, locate: () => Promise<Endpoint>, sockets: Set<Socket>) {
  const opening = pLimit(openingMax);
  return class ClientsClient extends pg.Client {
    readonly socket: Socket;

    constructor() {
      const socket = new Socket();
      super({ ...config, stream: () => socket });
      this.socket = socket.once('close', () => sockets.delete(socket));
      sockets.add(socket);
      // One that dies while idle says so here as well; the pool forgets it by itself.
      this.on('error', () => undefined);
    }

    /** The pool calls it, once. */
    override connect(done: (error?: Error) => void): Promise<void> {
      const settle = (error?: Error): void => {
        if (error) this.socket.destroy();
        done(error);
      };
      const connect = ({ host, port }: Endpoint): Promise<void> =>
        opening(async () => {
          // The pool gave it up before its turn.
          if (this.socket.destroyed) return settle(new Error('given up'));
          Object.assign(this, { host, port });
          await new Promise<void>((over) =>
            super.connect((error) => {
              settle(error);
              over();
            }),
          );
        });
      return locate().then(connect, settle);
    }
  };
}

/** pg's own pool; each connection is made to the address that clients have just then. */
export function createConnections(options: ConnectionsOptions): Connections {
  const { account, database, limit, patienceMs = usualPatienceMs } = options;
  const locate = endpointLookup(options.clients, options.clock, patienceMs);
  const config = clientConfig(account, database, { withinMs: patienceMs, answerMs: patienceMs });
  const sockets = new Set<Socket>();
  const Client = clientsOf(config, locate, sockets);
  const pool = new pg.Pool({ ...config, max: limit, idleTimeoutMillis: 0, Client });
  pool.on('error', () => undefined);
  return {
    use: async (work) => {
      const client = await pool.connect().catch(sql.noConnection);
      try {
        const result = await work(client);
        client.release();
        return result;
      } catch (error) {
        // The pool says goodbye, and a server that is frozen would never answer.
        client.socket.destroy();
        client.release(true);
        throw error;
      }
    },
    close: () => {
      void pool.end();
      for (const socket of sockets) socket.destroy();
    },
  };
}
