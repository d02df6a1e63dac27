import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable, type TableName } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { asClientsMeetIt, quoted, withSession, type Session } from './session.ts';

/** Rows of those deleted that the witness looks for: enough to be no accident, few enough for any table. */
const sampleRows = 100;

/** The rows to delete: those whose digest is not above the threshold. `sample` holds the smallest of them. */
export interface Doomed {
  table: TableName;
  digest: string;
  seed: number;
  threshold: string;
  sample: string[];
  rowsBefore: number;
}

/**
 * DELETE of a share of a table's rows, in one statement, as an operator would type it. Which ones is decided
 * by a digest of the primary key and the seed, so that the same seed deletes the same rows whatever order
 * they lie in.
 */
export async function deleteRows(
  site: MysqlSite,
  spec: { table: string; share: number; seed: number },
): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const done = await withSession(site, async (session) => {
    const chosen = await chooseRows(session, spec);
    if (!chosen) return null;
    await announce(site, session);
    await session.rows('SET SESSION innodb_lock_wait_timeout = 30');
    // Children of the table keep their rows: nothing but the table that is named is touched.
    await session.rows('SET SESSION foreign_key_checks = 0');
    const [result] = await session.connection.query<ResultSetHeader>(
      `DELETE FROM ${chosen.table.quoted} WHERE ${chosen.digest} <= ?`,
      [spec.seed, chosen.threshold],
    );
    return { doomed: chosen, gtid: await ownGtid(site, session, result), deleted: result.affectedRows };
  });
  if (!done)
    return nothingDone(site, 'delete-rows', spec.table, `${spec.table} has no rows: none was deleted`);
  const { doomed, gtid, deleted } = done;
  const label = `${doomed.table.schema}.${doomed.table.table}`;
  return {
    facts: { table: label, gtid, deleted, rowsBefore: doomed.rowsBefore },
    witness: () => witnessDeleted(site, doomed).catch(() => null),
    // Muster's own rows go and come with the load, and the ledger judges each of them.
    ...(doomed.table.schema === site.config.database
      ? {}
      : { stillThere: () => witnessDeleted(asClientsMeetIt(site), doomed) }),
    // Nothing to take back: the rows come back by a recovery or not at all.
    undo: {
      name: `undo delete-rows of ${site.service.name}`,
      deadlineMs: 1_000,
      run: async () => undefined,
      healed: async () => null,
    },
  };
}

/** What changed nothing, as there was nothing to change: no witness can see it, and says why. */
export const nothingDone = (site: MysqlSite, fault: string, table: string, why: string): ActiveFault => ({
  facts: { table, gtid: null, changed: 0 },
  witness: () => Promise.reject(environmentError(why)),
  undo: {
    name: `undo ${fault} of ${site.service.name}`,
    deadlineMs: 1_000,
    run: async () => undefined,
    healed: async () => null,
  },
});

/** Null for a table without rows. */
export async function chooseRows(
  session: Session,
  { table: name, share, seed }: { table: string; share: number; seed: number },
): Promise<Doomed | null> {
  const table = await findTable(session, name);
  // Not MD5: since MySQL 9 it is a component that a server may not have.
  const digest = `SHA2(CONCAT_WS(':', ?, ${(await keyColumns(session, table)).map(quoted).join(', ')}), 256)`;
  const [{ rows: counted }] = (await session.rows<{ rows: string | number }>(
    `SELECT COUNT(*) AS \`rows\` FROM ${table.quoted}`,
  )) as [{ rows: string | number }];
  const rowsBefore = Number(counted);
  if (rowsBefore === 0) return null;
  const last = Math.max(1, Math.ceil(rowsBefore * share)) - 1;
  const [limit] = await session.rows<{ digest: string }>(
    `SELECT ${digest} AS digest FROM ${table.quoted} ORDER BY digest LIMIT 1 OFFSET ${last}`,
    [seed],
  );
  const sample = await session.rows<{ digest: string }>(
    `SELECT ${digest} AS digest FROM ${table.quoted} ORDER BY digest LIMIT ${Math.min(sampleRows, last + 1)}`,
    [seed],
  );
  return {
    table,
    digest,
    seed,
    threshold: limit!.digest,
    sample: sample.map((row) => row.digest),
    rowsBefore,
  };
}

/** What names a row: its primary key, or all of it where it has none. */
async function keyColumns({ rows }: Session, { schema, table }: TableName): Promise<string[]> {
  const columns = await rows<{ name: string; key: string }>(
    'SELECT column_name AS name, column_key AS `key` FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position',
    [schema, table],
  );
  const primary = columns.filter(({ key }) => key === 'PRI');
  return (primary.length > 0 ? primary : columns).map(({ name }) => name);
}

/** Asked of another session: none of the sampled rows is there. Null while one of them is. */
export const witnessDeleted = (
  site: Pick<MysqlSite, 'service' | 'config' | 'password'>,
  { table, digest, seed, sample, rowsBefore }: Doomed,
): Promise<Proof | null> =>
  withSession(site, async ({ rows }) => {
    const [row] = await rows<{ left: string | number | null; now: string | number }>(
      `SELECT SUM(${digest} IN (?)) AS \`left\`, COUNT(*) AS now FROM ${table.quoted}`,
      [seed, sample],
    );
    if (Number(row!.left ?? 0) > 0) return null;
    const label = `${table.schema}.${table.table}`;
    return {
      what: `another session counts ${row!.now} rows in ${label}, where ${rowsBefore} were, and none of ${sample.length} that were deleted`,
      facts: { table: label, rowsBefore, rowsNow: Number(row!.now), lookedFor: sample.length },
    };
  });
