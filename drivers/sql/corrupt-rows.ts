import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { inputError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { nothingToUndo } from '../undone.ts';
import { isSampled, type ChosenRows } from './chosen-rows.ts';
import { nothingDone } from './nothing-done.ts';
import type { Ask, Queries, SqlServer } from './server.ts';
import { labelOf, type TableName } from './tables.ts';

/** So many characters at the end of each value become others. */
export const changedCharacters = 8;

/** How one technology does it, all on one connection. */
export interface Corrupting<Session> {
  /** The column, and a digest of its value in hexadecimal digits, as SQL. */
  column: { quoted: string; digest: string };
  /** Columns of the table that can be corrupted, and in words which these are. */
  fitting(session: Session): Promise<{ table: TableName; columns: string[]; wanted: string }>;
  /** Null for a table without rows. */
  choose(session: Session): Promise<ChosenRows | null>;
  change(session: Session, chosen: ChosenRows): Promise<{ changed: number; facts: Record<string, Json> }>;
}

/** Some of the rows that are changed, by their digest, and the digest of what the column held. */
interface Spoiled {
  chosen: ChosenRows;
  name: string;
  column: Corrupting<Queries>['column'];
  values: ReadonlyMap<string, string>;
}

/**
 * UPDATE of one text column in a share of a table's rows: the last characters of each value become others, as
 * a faulty release would write them. The lengths stay, and the pages are sound.
 */
export async function corruptRows<Session extends Queries>(
  server: SqlServer<Session>,
  { table, column: name }: { table: string; column: string },
  { column, fitting, choose, change }: Corrupting<Session>,
): Promise<ActiveFault> {
  await server.service.assertOwnPath(server.dataFolder);
  const done = await server.ask(async (session) => {
    refuseOthers(await fitting(session), name);
    const chosen = await choose(session);
    if (!chosen) return null;
    const before: Spoiled = { chosen, name, column, values: await valuesOf(session, chosen, column) };
    if (before.values.size === 0) return null;
    const changed = await change(session, chosen);
    return { ...changed, before, after: { ...before, values: await valuesOf(session, chosen, column) } };
  });
  if (!done) return nothingDone(server, 'corrupt-rows', table, `${table} holds no ${name}: none was changed`);
  const { before, after, changed, facts } = done;
  const { table: of, rowsBefore } = before.chosen;
  return {
    facts: { table: labelOf(of), column: name, ...facts, changed, rows: rowsBefore },
    witness: () => witnessSpoiled(server.ask, before).catch(() => null),
    stillThere: () => lookForSpoiled(server.askAsClients, after),
    undo: nothingToUndo(server, 'corrupt-rows'),
  };
}

function refuseOthers(
  { table, columns, wanted }: { table: TableName; columns: readonly string[]; wanted: string },
  name: string,
): void {
  if (!columns.includes(name))
    throw inputError(`${labelOf(table)} has no such column to corrupt`, {
      found: name,
      expected: `${wanted}: ${columns.join(', ') || 'none here'}`,
    });
}

/** Digest of the column in each of the sampled rows that has a value there; empty where none has. */
async function valuesOf(
  { rows }: Queries,
  chosen: ChosenRows,
  column: Spoiled['column'],
): Promise<Map<string, string>> {
  const found = await rows<{ digest: string; value: string }>(
    `SELECT digest, value FROM (SELECT ${chosen.digest} AS digest, ${column.digest} AS value FROM ${chosen.table.quoted} WHERE char_length(${column.quoted}) > 0) AS digests WHERE ${isSampled('digest', chosen)}`,
  );
  return new Map(found.map((row) => [row.digest, row.value]));
}

/**
 * Asked of another session: each of the sampled rows is there, and none has the value that it had. Null while
 * one of them has.
 */
const witnessSpoiled = (
  ask: Ask<Queries>,
  { chosen, name, column, values }: Spoiled,
): Promise<Proof | null> =>
  ask(async (session) => {
    const now = await valuesOf(session, chosen, column);
    if (![...values].every(([row, value]) => now.has(row) && now.get(row) !== value)) return null;
    const label = labelOf(chosen.table);
    return {
      what: `another session reads another ${name} in each of ${values.size} rows of ${label} that were looked at before`,
      facts: { table: label, column: name, lookedAt: values.size },
    };
  });

/**
 * Asked of another session: a sampled row that still has the value that the fault gave it. Null when none
 * has.
 */
const lookForSpoiled = (
  ask: Ask<Queries>,
  { chosen, name, column, values }: Spoiled,
): Promise<Proof | null> =>
  ask(async (session) => {
    const now = await valuesOf(session, chosen, column);
    const left = [...values].filter(([row, value]) => now.get(row) === value).length;
    if (left === 0) return null;
    const label = labelOf(chosen.table);
    return {
      what: `${left} of ${values.size} rows of ${label} have the ${name} that the fault gave them`,
      facts: { table: label, column: name, left, lookedAt: values.size },
    };
  });
