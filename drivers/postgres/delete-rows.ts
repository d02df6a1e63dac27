import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import {
  asClientsMeetIt,
  literal,
  quoted,
  serverCode,
  withSession,
  type Session,
  type PostgresSite,
} from './server.ts';
import { findTable, labelOf, type TableName } from './tables.ts';
import { nothingToUndo, waitForLocks } from './undone.ts';

/** Rows of those deleted that the witness looks for: enough to be no accident, few enough for any table. */
const sampleRows = 100;
/** Rows elsewhere refer to what would go. */
const referredTo = ['23503', '23001'];

/**
 * Rows that are chosen: those whose digest is not above the threshold. `sample` holds the smallest of them.
 */
export interface Doomed {
  table: TableName;
  digest: string;
  threshold: string;
  sample: string[];
  rowsBefore: number;
}

/**
 * DELETE of a share of a table's rows, in one statement, as an operator would type it. Which ones is decided
 * by a digest of the primary key and the seed, so that the same seed deletes the same rows whatever order
 * they lie in. Where others refer to them foreign keys are put out of action for that statement: children of
 * the table keep their rows.
 */
export async function deleteRows(
  site: PostgresSite,
  spec: { table: string; share: number; seed: number },
): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const done = await withSession(site, async (session) => {
    const chosen = await chooseRows(session, spec);
    if (!chosen) return null;
    await session.rows(waitForLocks);
    const sql = `WITH gone AS (DELETE FROM ${chosen.table.quoted} WHERE ${chosen.digest} <= ${literal(chosen.threshold)} RETURNING 1) SELECT count(*) AS deleted FROM gone`;
    const [row] = await session.rows<{ deleted: string }>(sql).catch(async (error: unknown) => {
      if (!referredTo.includes(serverCode(error) ?? '')) throw error;
      await session.rows('SET session_replication_role = replica');
      return session.rows<{ deleted: string }>(sql);
    });
    return { doomed: chosen, deleted: Number(row!.deleted) };
  });
  if (!done)
    return nothingDone(site, 'delete-rows', spec.table, `${spec.table} has no rows: none was deleted`);
  const { doomed, deleted } = done;
  return {
    facts: { table: labelOf(doomed.table), deleted, rowsBefore: doomed.rowsBefore },
    witness: () => witnessDeleted(site, doomed).catch(() => null),
    // Muster's own rows go and come with the load, and the ledger judges each of them.
    ...(doomed.table.schema === site.config.schema
      ? {}
      : { stillThere: () => witnessDeleted(asClientsMeetIt(site), doomed) }),
    undo: nothingToUndo(site, 'delete-rows'),
  };
}

/** What changed nothing, as there was nothing to change: no witness can see it, and says why. */
export const nothingDone = (site: PostgresSite, fault: string, table: string, why: string): ActiveFault => ({
  facts: { table, changed: 0 },
  witness: () => Promise.reject(environmentError(why)),
  undo: nothingToUndo(site, fault),
});

/** Null for a table without rows. `column`: it is about to change, and cannot name a row. */
export async function chooseRows(
  session: Session,
  { table: name, share, seed, column }: { table: string; share: number; seed: number; column?: string },
): Promise<Doomed | null> {
  const table = await findTable(session, name);
  const key = (await keyColumns(session, table))
    .filter((one) => one !== column)
    .map(quoted)
    .join(', ');
  const digest = `encode(sha256(convert_to('${seed}:' || ROW(${key})::text, 'UTF8')), 'hex')`;
  const [counted] = await session.rows<{ total: string }>(`SELECT count(*) AS total FROM ${table.quoted}`);
  const rowsBefore = Number(counted!.total);
  if (rowsBefore === 0) return null;
  const wanted = Math.max(1, Math.ceil(rowsBefore * share));
  const [limit] = await session.rows<{ digest: string }>(
    `SELECT ${digest} AS digest FROM ${table.quoted} ORDER BY 1 LIMIT 1 OFFSET ${wanted - 1}`,
  );
  const sample = await session.rows<{ digest: string }>(
    `SELECT ${digest} AS digest FROM ${table.quoted} ORDER BY 1 LIMIT ${Math.min(sampleRows, wanted)}`,
  );
  return {
    table,
    digest,
    threshold: limit!.digest,
    sample: sample.map((row) => row.digest),
    rowsBefore,
  };
}

/** What names a row: its primary key, or all of it where it has none. */
async function keyColumns({ rows }: Session, { oid }: TableName): Promise<string[]> {
  const columns = await rows<{ name: string; key: string }>(
    `SELECT a.attname AS name, coalesce(i.indisprimary, false)::text AS key FROM pg_attribute a
       LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [oid],
  );
  const primary = columns.filter(({ key }) => key === 'true');
  return (primary.length > 0 ? primary : columns).map(({ name }) => name);
}

/** Asked of another session: none of the sampled rows is there. Null while one of them is. */
const witnessDeleted = (
  site: PostgresSite,
  { table, digest, sample, rowsBefore }: Doomed,
): Promise<Proof | null> =>
  withSession(site, async ({ rows }) => {
    const [row] = await rows<{ left: string; now: string }>(
      `SELECT count(*) FILTER (WHERE ${digest} = ANY ($1)) AS left, count(*) AS now FROM ${table.quoted}`,
      [sample],
    );
    if (row!.left !== '0') return null;
    const label = labelOf(table);
    return {
      what: `another session counts ${row!.now} rows in ${label}, where ${rowsBefore} were, and none of ${sample.length} that were deleted`,
      facts: { table: label, rowsBefore, rowsNow: Number(row!.now), lookedFor: sample.length },
    };
  });
