import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { ConnectionOptions } from 'node:tls';
import type { Endpoint } from '../../core/service.ts';
import type { Queries } from '../sql/server.ts';

/** Who goes in, and how. */
export interface Account {
  user: string;
  /** Null where the server asks for none. */
  password: string | null;
  /** Null: without TLS. */
  tls: ConnectionOptions | null;
}

/** A connection that can be thrown away: pg's own `end` waits for a server that may never answer. */
export interface Link {
  client: Client;
  destroy(): void;
}

/** Everything as the text that the server sent: numbers may be larger than what JavaScript holds. */
const types = { getTypeParser: () => (text: string) => text };

/** How long it may take to be let in, and how long an answer may. */
interface Patience {
  withinMs: number;
  answerMs?: number | undefined;
}

/** Nothing is asked for that a pooler in the clients' way would refuse. */
export const clientConfig = (
  { user, password, tls }: Account,
  database: string,
  { withinMs, answerMs }: Patience,
): ClientConfig => ({
  user,
  database,
  password: () => password ?? '',
  ssl: tls ?? false,
  connectionTimeoutMillis: withinMs,
  ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
  application_name: 'muster',
  types,
});

/** Connected and let in. Rejects after `withinMs`. */
export async function openLink(
  { host, port }: Endpoint,
  account: Account,
  { database, ...patience }: { database: string } & Patience,
): Promise<Link> {
  const pg = await import('pg');
  const socket = new Socket();
  const config = clientConfig(account, database, patience);
  const client = new pg.Client({ ...config, host, port, stream: () => socket });
  // A connection that dies while idle says so here as well; the next query on it says it again.
  client.on('error', () => undefined);
  const destroy = (): void => void socket.destroy();
  try {
    await client.connect();
    return { client, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Values come as text, as the server sent it; NULL as null. */
export type Session = Queries;

export const sessionOf = ({ client }: Pick<Link, 'client'>): Session => ({
  rows: async <Row>(sql: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query(sql, values)).rows as Row[],
});

/**
 * The server's own error code (`42P01`), or null for an error that did not come from the server.
 */
export function serverCode(error: unknown): string | null {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/** `ERROR`, `FATAL` or `PANIC`; null for an error that did not come from the server. */
export const severityOf = (error: unknown): string | null =>
  serverCode(error) === null ? null : (error as { severity: string }).severity;

/** As an identifier, and as a text literal, of SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string =>
  `${text.includes('\\') ? ' E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
