import { Socket } from 'node:net';
import type { Client } from 'pg';
import type { ConnectionOptions } from 'node:tls';
import type { Endpoint } from '../../core/service.ts';

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

/**
 * Connected and let in. Rejects after `withinMs`. Nothing is asked for that a pooler in the clients' way
 * would refuse.
 */
export async function openLink(
  { host, port }: Endpoint,
  { user, password, tls }: Account,
  { database, withinMs, answerMs }: { database: string; withinMs: number; answerMs?: number },
): Promise<Link> {
  const pg = await import('pg');
  const socket = new Socket();
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    password: () => password ?? '',
    ssl: tls ?? false,
    stream: () => socket,
    connectionTimeoutMillis: withinMs,
    ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
    application_name: 'muster',
    types,
  });
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

export interface Session {
  /** Values come as text, as the server sent it; NULL as null. */
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
}

export const sessionOf = ({ client }: Link): Session => ({
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
