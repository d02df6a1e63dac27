import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { Json } from '../../core/timeline.ts';
import { nothingToUndo } from '../undone.ts';
import { isSampled, type ChosenRows } from './chosen-rows.ts';
import { nothingDone } from './nothing-done.ts';
import type { Ask, Queries, SqlServer } from './server.ts';
import { labelOf } from './tables.ts';

/** How one technology does it, both on one connection. */
export interface Deleting<Session> {
  /** Null for a table without rows. */
  choose(session: Session): Promise<ChosenRows | null>;
  remove(session: Session, chosen: ChosenRows): Promise<{ deleted: number; facts: Record<string, Json> }>;
}

/**
 * DELETE of a share of a table's rows, in one statement, as an operator would type it. Which ones is decided
 * by a digest of the primary key and the seed.
 */
export async function deleteRows<Session extends Queries>(
  server: SqlServer<Session>,
  table: string,
  { choose, remove }: Deleting<Session>,
): Promise<ActiveFault> {
  await server.service.assertOwnPath(server.dataFolder);
  const done = await server.ask(async (session) => {
    const chosen = await choose(session);
    return chosen && { chosen, ...(await remove(session, chosen)) };
  });
  if (!done) return nothingDone(server, 'delete-rows', table, `${table} has no rows: none was deleted`);
  const { chosen, deleted, facts } = done;
  return {
    facts: { table: labelOf(chosen.table), ...facts, deleted, rowsBefore: chosen.rowsBefore },
    witness: () => witnessDeleted(server.ask, chosen).catch(() => null),
    // Muster's own rows go and come with the load, and the ledger judges each of them.
    ...(server.isOwn(chosen.table) ? {} : { stillThere: () => witnessDeleted(server.askAsClients, chosen) }),
    undo: nothingToUndo(server, 'delete-rows'),
  };
}

/** Asked of another session: none of the sampled rows is there. Null while one of them is. */
export const witnessDeleted = (ask: Ask<Queries>, chosen: ChosenRows): Promise<Proof | null> =>
  ask(async ({ rows }) => {
    const { table, digest, sample, rowsBefore } = chosen;
    const [row] = await rows<{ there: string | number; now: string | number }>(
      `SELECT count(CASE WHEN ${isSampled(digest, chosen)} THEN 1 END) AS there, count(*) AS now FROM ${table.quoted}`,
    );
    if (Number(row!.there) > 0) return null;
    const label = labelOf(table);
    return {
      what: `another session counts ${row!.now} rows in ${label}, where ${rowsBefore} were, and none of ${sample.length} that were deleted`,
      facts: { table: label, rowsBefore, rowsNow: Number(row!.now), lookedFor: sample.length },
    };
  });
