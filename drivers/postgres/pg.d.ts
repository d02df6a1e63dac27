/** What is used of node-postgres, which brings no types of its own. */
declare module 'pg' {
  import type { EventEmitter } from 'node:events';
  import type { Duplex } from 'node:stream';
  import type { ConnectionOptions } from 'node:tls';

  export interface ClientConfig {
    host?: string;
    port?: number;
    user: string;
    database: string;
    password: () => string;
    ssl: ConnectionOptions | false;
    stream?: () => Duplex;
    /** How long it may take to be let in. */
    connectionTimeoutMillis: number;
    /** How long an answer may take. */
    query_timeout?: number;
    application_name: string;
    types: { getTypeParser(): (text: string) => string };
  }

  export interface Result {
    /** `COMMIT`, `SELECT` …, as the server says what it did. */
    command: string;
    rows: Record<string, string | null>[];
  }

  export class Client extends EventEmitter {
    constructor(config: ClientConfig);
    /** Tells `done`, where that is given, and gives nothing then. */
    connect(done?: (error?: Error) => void): Promise<void>;
    query(sql: string, values?: unknown[]): Promise<Result>;
  }

  /** What a pool asks of its clients. */
  type Pooled = Pick<Client, 'query'>;

  export interface PoolConfig<C extends Pooled> extends ClientConfig {
    /** How many there are at most. */
    max: number;
    /** How long one may be idle; 0 is for ever. */
    idleTimeoutMillis: number;
    Client: new () => C;
  }

  export class Pool<C extends Pooled> extends EventEmitter {
    constructor(config: PoolConfig<C>);
    /** Rejects when none is free, or made, within `connectionTimeoutMillis`. */
    connect(): Promise<C & { release(broken?: boolean): void }>;
    end(): Promise<void>;
  }

  const pg: { Client: typeof Client; Pool: typeof Pool };
  export default pg;
}
