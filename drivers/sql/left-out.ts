import type { Json } from '../../core/timeline.ts';

/** Of each table whose rows are not compared: how many it has; null where there is no such table. */
export type LeftOut = Record<string, number | null>;

/** What the configuration of an SQL driver says of them. */
export interface LeftOutConfig {
  volatileTables: readonly string[];
  drainedTables: readonly string[];
}

/** The tables of the application whose rows are not compared, each once. */
export const leftOutTables = ({ volatileTables, drainedTables }: LeftOutConfig): string[] => [
  ...new Set([...volatileTables, ...drainedTables]),
];

/** A look right before a fault counts no further: it must not hold the fault up. */
export const quickCountMax = 100_000;

/**
 * A table that clients or the application change has other rows after an older backup was restored, and not
 * less than this share of them.
 */
const leastShare = 0.5;

/** `remarks`: which tables, with their rows. `lost`: those that hold too few to be passed over, in words. */
export interface LeftOutCompared {
  remarks: string[];
  lost: string[];
  facts: Json;
}

/**
 * Rows before the load, just before the fault (null where nobody looked) and now. `mayBeFewer`: why a table
 * may rightly hold fewer, in words; null where it may not.
 */
export function compareLeftOut(
  before: LeftOut,
  justBefore: LeftOut | null,
  now: LeftOut,
  mayBeFewer: (table: string) => string | null,
): LeftOutCompared {
  const tables = Object.keys(now).map((table) => {
    const counts = [before[table] ?? null, justBefore?.[table] ?? null, now[table] ?? null] as const;
    return { table, counts, few: isTooFew(...counts) ? (mayBeFewer(table) ?? 'too few') : null };
  });
  const there = tables.filter(({ counts }) => counts.some((one) => one !== null));
  const missing = tables.filter((one) => !there.includes(one)).map(({ table }) => table);
  const told = there.map(({ table, counts, few }) => {
    const why = few === null || few === 'too few' ? '' : `; ${few}`;
    return `${table} (${inWords(...counts)}${why})`;
  });
  return {
    remarks: [
      ...(told.length > 0
        ? [`not compared, as the strategy has it, are the rows of ${told.join(', ')}`]
        : []),
      ...(missing.length > 0
        ? [`the strategy names ${missing.join(', ')}, which no table of rows is called`]
        : []),
    ],
    lost: tables
      .filter(({ few }) => few === 'too few')
      .map(({ table, counts }) => `rows of ${table}: ${inWords(...counts)}`),
    facts: Object.fromEntries(
      tables.map(({ table, counts: [first, last, is] }) => [
        table,
        { before: first, justBefore: last, now: is },
      ]),
    ),
  };
}

/** None where there were some, or less than half of the fewest that there were. */
function isTooFew(before: number | null, justBefore: number | null, now: number | null): boolean {
  const latest = justBefore ?? before ?? 0;
  const left = now ?? 0;
  // A look that stopped counting does not say that there were no more.
  const fewest = latest > quickCountMax ? (before ?? latest) : Math.min(before ?? latest, latest);
  return (latest > 0 && left === 0) || left < leastShare * fewest;
}

function inWords(before: number | null, justBefore: number | null, now: number | null): string {
  const counted = (rows: number | null): string =>
    rows === null ? 'no table' : rows > quickCountMax ? `more than ${quickCountMax}` : String(rows);
  return [
    `${before ?? 'no table'} before the load`,
    ...(justBefore === null ? [] : [`${counted(justBefore)} just before the fault`]),
    `${now ?? 'no table'} now`,
  ].join(', ');
}

/** What is said of tables that lost their rows, or most of them, while nobody compared them. */
export const lostInWords = (lost: readonly string[]): string =>
  `${lost.join('; ')}. The strategy has them not compared, so that nothing shows whether what is missing was lost; a table that its application empties is named under drainedTables`;
