import type { Json } from '../../core/timeline.ts';
import { isBefore, type LogPlace } from './replay-plan.ts';

/** A table that is not InnoDB's: no snapshot holds for it. */
export interface OtherTable {
  /** `schema.table` */
  name: string;
  engine: string;
  /** Each of its rows is told from every other by a key: a row event of the log says which one it means. */
  keyed: boolean;
}

export const named = ({ name, engine }: Pick<OtherTable, 'name' | 'engine'>): string => `${name} (${engine})`;

/**
 * Tables of a dump that were written to while it was read, and where the log stood at its end: null where
 * there is none.
 */
export interface Torn {
  tables: OtherTable[];
  logEnd: LogPlace | null;
}

export const nothingTorn: Torn = { tables: [], logEnd: null };

export const tornFacts = ({ tables, logEnd }: Torn): Json => ({
  tables: tables.map(({ name, engine, keyed }) => ({ name, engine, keyed })),
  logEnd: logEnd && { file: logEnd.file, position: logEnd.position },
});

/** As differences, in words. */
export const tornWords = ({ tables }: Torn): string[] =>
  tables.map(
    (table) =>
      `${named(table)} was written to while the dump that was restored was read: its rows are of another moment than the rest`,
  );

/**
 * What is still of another moment once a log was replayed as far as `reached`. Row events bring each row to
 * what it was, by its key; from a statement such as `n = n + 1`, and of rows without a key, nothing can be
 * said.
 */
export function tornAfterReplay(
  torn: Torn,
  reached: LogPlace | null,
  binlogFormat: string | undefined,
): Torn {
  const { tables, logEnd } = torn;
  if (logEnd === null || reached === null || binlogFormat !== 'ROW') return torn;
  return isBefore(reached, logEnd) ? torn : { tables: tables.filter(({ keyed }) => !keyed), logEnd };
}
