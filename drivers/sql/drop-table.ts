import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { Json } from '../../core/timeline.ts';
import { nothingToUndo } from '../undone.ts';
import type { Ask, Queries, SqlServer } from './server.ts';
import { labelOf, type TableName } from './tables.ts';

/** How one technology does it. */
export interface Dropping<Session> {
  /** `at`: where in the log it stands, which the witness tells as well; `how`: facts beside that. */
  drop(session: Session): Promise<{ table: TableName; at: Record<string, Json>; how?: Record<string, Json> }>;
  /** What lists the server's tables, and whether it lists one. */
  catalog: string;
  isListed(session: Session, table: TableName): Promise<boolean>;
}

/** DROP TABLE, as an operator would type it. */
export async function dropTable<Session extends Queries>(
  server: SqlServer<Session>,
  { drop, catalog, isListed }: Dropping<Session>,
): Promise<ActiveFault> {
  await server.service.assertOwnPath(server.dataFolder);
  const { table, at, how = {} } = await server.ask(drop);
  const label = labelOf(table);
  const seen = (ask: Ask<Session>): Promise<Proof | null> =>
    ask(async (session) =>
      (await isListed(session, table))
        ? null
        : { what: `another session finds no table ${label} in ${catalog}`, facts: { table: label, ...at } },
    );
  return {
    facts: { table: label, ...at, ...how },
    witness: () => seen(server.ask).catch(() => null),
    stillThere: () => seen(server.askAsClients),
    undo: nothingToUndo(server, 'drop-table'),
  };
}
