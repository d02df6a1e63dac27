import type { Service } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import type { TableName } from './tables.ts';

/** An open connection. Rejects with the server's errors. */
export interface Queries {
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** Runs work on a connection of its own, and closes it. */
export type Ask<Session extends Queries> = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What the faults of every SQL server need of one. */
export interface SqlServer<Session extends Queries> {
  service: Service;
  dataFolder: string;
  /** Whether a table is Muster's own. */
  isOwn(table: Pick<TableName, 'schema' | 'table'>): boolean;
  ask: Ask<Session>;
  /** The same of the server as its clients meet it. */
  askAsClients: Ask<Session>;
  /** Beside the table, facts of a change for which there was nothing to change. */
  factsOfNothing: Record<string, Json>;
}
