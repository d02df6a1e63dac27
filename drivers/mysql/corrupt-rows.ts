import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { inputError } from '../../core/errors.ts';
import { chooseRows, nothingDone, type Doomed } from './delete-rows.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable, type TableName } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { asClientsMeetIt, quoted, withSession, type Session } from './session.ts';

const textTypes = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'];
/** So many characters at the end of each value become others. */
const changedCharacters = 8;

/** Some of the rows that are changed, by their digest, and the digest of what the column held. */
export interface Spoiled {
  chosen: Doomed;
  column: string;
  values: Map<string, string>;
}

/**
 * UPDATE of one text column in a share of a table's rows: the last characters of each value become others, as
 * a faulty release would write them. The lengths stay, the pages are sound, and the binary log has it as any
 * other change, with its text, so that whoever looks for the moment finds it.
 */
export async function corruptRows(
  site: MysqlSite,
  spec: { table: string; column: string; share: number; seed: number },
): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const done = await withSession(site, async (session) => {
    await refuseOtherThanText(session, await findTable(session, spec.table), spec.column);
    const chosen = await chooseRows(session, spec);
    const before = chosen ? await valuesOf(session, chosen, spec.column) : new Map<string, string>();
    if (!chosen || before.size === 0) return null;
    await announce(site, session, 'with its text');
    await session.rows('SET SESSION innodb_lock_wait_timeout = 30');
    const column = quoted(spec.column);
    const from = `GREATEST(1, CHAR_LENGTH(${column}) - ${changedCharacters - 1})`;
    const [result] = await session.connection.query<ResultSetHeader>(
      `UPDATE ${chosen.table.quoted} SET ${column} = INSERT(${column}, ${from}, ${changedCharacters}, LEFT(${chosen.digest}, LEAST(${changedCharacters}, CHAR_LENGTH(${column})))) WHERE ${chosen.digest} <= ?`,
      [spec.seed, spec.seed, chosen.threshold],
    );
    const spoiled = { chosen, column: spec.column, values: before };
    const gtid = await ownGtid(site, session, result);
    return {
      spoiled,
      after: await valuesOf(session, chosen, spec.column),
      gtid,
      changed: result.changedRows,
    };
  });
  if (!done)
    return nothingDone(
      site,
      'corrupt-rows',
      spec.table,
      `${spec.table} holds no ${spec.column}: none was changed`,
    );
  const { spoiled, after, gtid, changed } = done;
  const { schema, table } = spoiled.chosen.table;
  return {
    facts: {
      table: `${schema}.${table}`,
      column: spec.column,
      gtid,
      changed,
      rows: spoiled.chosen.rowsBefore,
    },
    witness: () => witnessSpoiled(site, spoiled).catch(() => null),
    stillThere: () => lookForSpoiled(asClientsMeetIt(site), { ...spoiled, values: after }),
    // Nothing to take back: what was there comes back by a recovery or not at all.
    undo: {
      name: `undo corrupt-rows of ${site.service.name}`,
      deadlineMs: 1_000,
      run: async () => undefined,
      healed: async () => null,
    },
  };
}

async function refuseOtherThanText({ rows }: Session, table: TableName, column: string): Promise<void> {
  const columns = await rows<{ name: string; type: string; generated: string; key: string }>(
    "SELECT column_name AS name, data_type AS type, IFNULL(generation_expression, '') AS `generated`, column_key AS `key` FROM information_schema.columns WHERE table_schema = ? AND table_name = ?",
    [table.schema, table.table],
  );
  const fitting = columns
    .filter(
      ({ type, generated, key }) => textTypes.includes(type.toLowerCase()) && generated === '' && key === '',
    )
    .map(({ name }) => name);
  if (!fitting.includes(column))
    throw inputError(`${table.schema}.${table.table} has no such column to corrupt`, {
      found: column,
      expected: `a text column without a key: ${fitting.join(', ') || 'none here'}`,
    });
}

/** Digest of the column in each of the sampled rows that has a value there; empty where none has. */
async function valuesOf(
  { rows }: Session,
  { table, digest, seed, sample }: Doomed,
  column: string,
): Promise<Map<string, string>> {
  const found = await rows<{ digest: string; value: string }>(
    `SELECT digest, value FROM (SELECT ${digest} AS digest, SHA2(${quoted(column)}, 256) AS value FROM ${table.quoted} WHERE CHAR_LENGTH(${quoted(column)}) > 0) AS digests WHERE digest IN (?)`,
    [seed, sample],
  );
  return new Map(found.map((row) => [row.digest, row.value]));
}

/**
 * Asked of another session: each of the sampled rows is there, and none has the value that it had. Null while
 * one of them has.
 */
export const witnessSpoiled = (
  site: Pick<MysqlSite, 'service' | 'config' | 'password'>,
  { chosen, column, values }: Spoiled,
): Promise<Proof | null> =>
  withSession(site, async (session) => {
    const now = await valuesOf(session, chosen, column);
    if (![...values].every(([row, value]) => now.has(row) && now.get(row) !== value)) return null;
    const label = `${chosen.table.schema}.${chosen.table.table}`;
    return {
      what: `another session reads another ${column} in each of ${values.size} rows of ${label} that were looked at before`,
      facts: { table: label, column, lookedAt: values.size },
    };
  });

/**
 * Asked of another session: a sampled row that still has the value that the fault gave it. Null when none
 * has.
 */
const lookForSpoiled = (
  site: Pick<MysqlSite, 'service' | 'config' | 'password'>,
  { chosen, column, values }: Spoiled,
): Promise<Proof | null> =>
  withSession(site, async (session) => {
    const now = await valuesOf(session, chosen, column);
    const left = [...values].filter(([row, value]) => now.get(row) === value).length;
    if (left === 0) return null;
    const label = `${chosen.table.schema}.${chosen.table.table}`;
    return {
      what: `${left} of ${values.size} rows of ${label} have the ${column} that the fault gave them`,
      facts: { table: label, column, left, lookedAt: values.size },
    };
  });
