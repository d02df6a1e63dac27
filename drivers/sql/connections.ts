import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import type { Endpoint } from '../../core/service.ts';

/** `clients`: where clients go just then. `limit`: so many connections at the most. */
export interface ConnectionsOptions {
  clients(): Promise<Endpoint>;
  clock: Pick<Clock, 'nowMs' | 'after'>;
  limit: number;
  patienceMs?: number;
}

/**
 * A few connections that are opened when needed and thrown away at the first doubt; no operation is ever
 * tried twice.
 */
export interface Connections<Connection> {
  /**
   * Gives what `work` gives; a connection on which it failed is thrown away. Rejects with a certain
   * OperationError where no connection was there in time: nothing was sent.
   */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): void;
}

/** Throws what a client is told that got no connection. */
export function noConnection(error: unknown): never {
  throw new OperationError(`no connection: ${messageOf(error)}`, true, error);
}
