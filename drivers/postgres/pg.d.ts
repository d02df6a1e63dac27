/** What is used of node-postgres, which brings no types of its own. */
declare module 'pg' {
  import type { EventEmitter } from 'node:events';
  import type { Duplex } from 'node:stream';
  import type { ConnectionOptions } from 'node:tls';

  export interface ClientConfig {
    host: string;
    port: number;
    user: string;
    database: string;
    password: () => string;
    ssl: ConnectionOptions | false;
    stream: () => Duplex;
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
    connect(): Promise<void>;
    query(sql: string, values?: unknown[]): Promise<Result>;
  }
}
