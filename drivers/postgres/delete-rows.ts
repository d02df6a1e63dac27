import type { ActiveFault } from '../../core/active-fault.ts';
import { chooseByDigest, isChosen, namingColumns, type Choice, type ChosenRows } from '../sql/chosen-rows.ts';
import * as sql from '../sql/delete-rows.ts';
import { quoted, serverCode, sqlServer, type Session, type PostgresSite } from './server.ts';
import { findTable, type TableName } from './tables.ts';
import { waitForLocks } from './wait-for-locks.ts';

/** Rows elsewhere refer to what would go. */
const referredTo = ['23503', '23001'];

/**
 * Where others refer to the rows, foreign keys are put out of action for that statement: children of the
 * table keep their rows.
 */
export const deleteRows = (site: PostgresSite, spec: Choice): Promise<ActiveFault> =>
  sql.deleteRows(sqlServer(site), spec.table, {
    choose: (session) => chooseRows(session, spec),
    remove: async (session, chosen) => {
      await session.rows(waitForLocks);
      const gone = `WITH gone AS (DELETE FROM ${chosen.table.quoted} WHERE ${isChosen(chosen)} RETURNING 1) SELECT count(*) AS deleted FROM gone`;
      const [row] = await session.rows<{ deleted: string }>(gone).catch(async (error: unknown) => {
        if (!referredTo.includes(serverCode(error) ?? '')) throw error;
        await session.rows('SET session_replication_role = replica');
        return session.rows<{ deleted: string }>(gone);
      });
      return { deleted: Number(row!.deleted), facts: {} };
    },
  });

/** Null for a table without rows. */
export async function chooseRows(
  session: Session,
  { table: name, share, seed }: Choice,
): Promise<ChosenRows | null> {
  const table = await findTable(session, name);
  const key = (await keyColumns(session, table)).map(quoted).join(', ');
  const digest = `encode(sha256(convert_to('${seed}:' || ROW(${key})::text, 'UTF8')), 'hex')`;
  return chooseByDigest(session, table, digest, share);
}

async function keyColumns({ rows }: Session, { oid }: TableName): Promise<string[]> {
  const columns = await rows<{ name: string; key: string }>(
    `SELECT a.attname AS name, coalesce(i.indisprimary, false)::text AS key FROM pg_attribute a
       LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [oid],
  );
  return namingColumns(columns.map(({ name, key }) => ({ name, primary: key === 'true' })));
}
