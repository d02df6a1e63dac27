import type { LeftOut } from './left-out.ts';

/**
 * In words. `differences`, the gravest first, are faults; `remarks` are not, and must be read all the same.
 * `untold`: what may be as before or not, and nobody can say which.
 */
export interface Comparison {
  differences: string[];
  remarks: string[];
  untold: string[];
}

/**
 * What is missing, new or changed, by name. `changed` gives null where nothing differs. `unread`: what the
 * account could not read, called as here.
 */
export function compareByName<Item>(
  what: string,
  was: Record<string, Item>,
  is: Record<string, Item>,
  changed: (a: Item, b: Item, name: string) => string | null,
  unread: ReadonlySet<string> = new Set(),
): string[] {
  const out: string[] = [];
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const called = `${what} ${name}`.trim();
    if (unread.has(called)) continue;
    if (!Object.hasOwn(is, name)) out.push(`${called} is missing`);
    else if (!Object.hasOwn(was, name)) out.push(`${called} was not there before`);
    else {
      const difference = changed(was[name]!, is[name]!, name);
      if (difference) out.push(`${called}: ${difference}`);
    }
  }
  return out;
}

/**
 * What is compared of a table, and of a definition, by name. `leftOut`: rows of tables that are not compared.
 */
interface Held {
  definitions: Record<string, string>;
  tables: Record<string, { rows: number }>;
  leftOut: LeftOut;
}

/**
 * Tables and databases that are missing, and schemas of which every table that is compared lost all its rows,
 * or every table at all where none is compared. The schemas of a table: null for one that does not count.
 */
export function goneOf(
  before: Held,
  now: Held,
  schemaBefore: (table: string) => string | null,
  schemaNow: (table: string) => string | null = schemaBefore,
): string[] {
  const missing = Object.keys(before.definitions).filter(
    (name) => /^(DATABASE|TABLE) /.test(name) && !Object.hasOwn(now.definitions, name),
  );
  const left = rowsBySchema(now, schemaNow);
  const emptied = [...rowsBySchema(before, schemaBefore)]
    .filter(([schema, rows]) => rows > 0 && left.get(schema) === 0)
    .map(([schema]) => schema);
  return [
    ...missing.map((name) => `${name} is missing`),
    ...emptied.map((schema) => `every table of ${schema} is empty`),
  ];
}

function rowsBySchema(
  { tables, leftOut }: Held,
  schemaOf: (table: string) => string | null,
): Map<string, number> {
  const summed = (rowsOf: [string, number][]): Map<string, number> => {
    const sums = new Map<string, number>();
    for (const [name, rows] of rowsOf) {
      const schema = schemaOf(name);
      if (schema !== null) sums.set(schema, (sums.get(schema) ?? 0) + rows);
    }
    return sums;
  };
  return new Map([
    ...summed(Object.entries(leftOut).map(([name, rows]) => [name, rows ?? 0])),
    ...summed(Object.entries(tables).map(([name, { rows }]) => [name, rows])),
  ]);
}

/**
 * Tables whose rows are others. `same`: whether two digests are of the same rows. `keepsNothing`: in words
 * why a table is rightly empty by now; null where it is not. What is so is added to `remarks`.
 */
export function compareRows<Digest extends { rows: number }>(
  was: Record<string, Digest>,
  is: Record<string, Digest>,
  of: {
    same(a: Digest, b: Digest): boolean;
    keepsNothing(table: string): string | null;
    unread?: ReadonlySet<string>;
  },
  remarks: string[],
): string[] {
  const changed = (a: Digest, b: Digest, name: string): string | null => {
    if (of.same(a, b)) return null;
    const words =
      a.rows === b.rows ? `${a.rows} rows, and not all as before` : `${b.rows} rows, ${a.rows} before`;
    // Empty it is as it must be. Rows that are there all the same came from somewhere, and must be the right
    // ones.
    const why = b.rows > 0 ? null : of.keepsNothing(name);
    if (why === null) return words;
    remarks.push(`rows of ${name}: ${words}; ${why}`);
    return null;
  };
  return compareByName('rows of', was, is, changed, of.unread);
}
