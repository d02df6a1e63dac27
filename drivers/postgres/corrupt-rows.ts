import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { inputError } from '../../core/errors.ts';
import { chooseRows, nothingDone, type Doomed } from './delete-rows.ts';
import { asClientsMeetIt, literal, quoted, withSession, type Session, type PostgresSite } from './server.ts';
import { findTable, labelOf, type TableName } from './tables.ts';
import { nothingToUndo, waitForLocks } from './undone.ts';

/** So many characters at the end of each value become others. */
const changedCharacters = 8;

/** Some of the rows that are changed, by their digest, and the digest of what the column held. */
interface Spoiled {
  chosen: Doomed;
  column: string;
  values: Map<string, string>;
}

/**
 * UPDATE of one text column in a share of a table's rows: the last characters of each value become others, as
 * a faulty release would write them. The lengths stay, and the pages are sound.
 */
export async function corruptRows(
  site: PostgresSite,
  spec: { table: string; column: string; share: number; seed: number },
): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const done = await withSession(site, async (session) => {
    await refuseOtherThanText(session, await findTable(session, spec.table), spec.column);
    const chosen = await chooseRows(session, spec);
    const before = chosen ? await valuesOf(session, chosen, spec.column) : new Map<string, string>();
    if (!chosen || before.size === 0) return null;
    await session.rows(waitForLocks);
    const column = quoted(spec.column);
    const length = `char_length(${column})`;
    const last = `least(${changedCharacters}, ${length})`;
    const [row] = await session.rows<{ changed: string }>(
      `WITH spoilt AS (UPDATE ${chosen.table.quoted} SET ${column} = overlay(${column} PLACING left(${chosen.digest}, ${last}) FROM ${length} - ${last} + 1)
         WHERE ${chosen.digest} <= ${literal(chosen.threshold)} AND ${length} > 0 RETURNING 1) SELECT count(*) AS changed FROM spoilt`,
    );
    const spoiled = { chosen, column: spec.column, values: before };
    const after = await valuesOf(session, chosen, spec.column);
    return { spoiled, after, changed: Number(row!.changed) };
  });
  if (!done)
    return nothingDone(
      site,
      'corrupt-rows',
      spec.table,
      `${spec.table} holds no ${spec.column}: none was changed`,
    );
  const { spoiled, after, changed } = done;
  const { table, rowsBefore } = spoiled.chosen;
  return {
    facts: { table: labelOf(table), column: spec.column, changed, rows: rowsBefore },
    witness: () => witnessSpoiled(site, spoiled).catch(() => null),
    stillThere: () => lookForSpoiled(asClientsMeetIt(site), { ...spoiled, values: after }),
    undo: nothingToUndo(site, 'corrupt-rows'),
  };
}

async function refuseOtherThanText({ rows }: Session, table: TableName, column: string): Promise<void> {
  const columns = await rows<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND t.typname IN ('text', 'varchar') AND a.attgenerated = ''
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey))
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype <> 'n' AND a.attnum = ANY (c.conkey))
      ORDER BY a.attnum`,
    [table.oid],
  );
  const fitting = columns.map(({ name }) => name);
  if (!fitting.includes(column))
    throw inputError(`${labelOf(table)} has no such column to corrupt`, {
      found: column,
      expected: `a text column without an index or a constraint: ${fitting.join(', ') || 'none here'}`,
    });
}

/** Digest of the column in each of the sampled rows that has a value there; empty where none has. */
async function valuesOf(
  { rows }: Session,
  { table, digest, sample }: Doomed,
  column: string,
): Promise<Map<string, string>> {
  const found = await rows<{ digest: string; value: string }>(
    `SELECT digest, value FROM (SELECT ${digest} AS digest, encode(sha256(convert_to(${quoted(column)}, 'UTF8')), 'hex') AS value FROM ${table.quoted} WHERE char_length(${quoted(column)}) > 0) AS digests WHERE digest = ANY ($1)`,
    [sample],
  );
  return new Map(found.map((row) => [row.digest, row.value]));
}

/**
 * Asked of another session: each of the sampled rows is there, and none has the value that it had. Null while
 * one of them has.
 */
const witnessSpoiled = (site: PostgresSite, { chosen, column, values }: Spoiled): Promise<Proof | null> =>
  withSession(site, async (session) => {
    const now = await valuesOf(session, chosen, column);
    if (![...values].every(([row, value]) => now.has(row) && now.get(row) !== value)) return null;
    const label = labelOf(chosen.table);
    return {
      what: `another session reads another ${column} in each of ${values.size} rows of ${label} that were looked at before`,
      facts: { table: label, column, lookedAt: values.size },
    };
  });

/**
 * Asked of another session: a sampled row that still has the value that the fault gave it. Null when none
 * has.
 */
const lookForSpoiled = (site: PostgresSite, { chosen, column, values }: Spoiled): Promise<Proof | null> =>
  withSession(site, async (session) => {
    const now = await valuesOf(session, chosen, column);
    const left = [...values].filter(([row, value]) => now.get(row) === value).length;
    if (left === 0) return null;
    const label = labelOf(chosen.table);
    return {
      what: `${left} of ${values.size} rows of ${label} have the ${column} that the fault gave them`,
      facts: { table: label, column, left, lookedAt: values.size },
    };
  });
