import type { Check } from '../../core/driver.ts';
import type { Json } from '../../core/timeline.ts';
import { workloadTable, type Database } from './database.ts';

/** Tables and row counts of the application: Muster's own records are judged by the ledger. */
const countsOf = (database: Database): Record<string, number> =>
  Object.fromEntries(
    [...database.tables]
      .filter(([name]) => name !== workloadTable)
      .map(([name, { rows }]) => [name, rows.size]),
  );

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, rows) => total + rows, 0);
const isEmptied = (before: Record<string, number>, now: Record<string, number>): boolean =>
  sum(before) > 0 && sum(now) === 0;

export const inventory = (database: Database): Check => ({
  before: () => database.operate(() => countsOf(database)),
  after: async (baseline: Json) => {
    const expected = baseline as Record<string, number>;
    if (database.status === 'stopped')
      return { verdict: 'inconclusive', detail: 'the database is stopped', facts: null, nobody: true };
    const found = await database.operate(() => countsOf(database));
    const wrong = [...new Set([...Object.keys(expected), ...Object.keys(found)])].filter(
      (name) => expected[name] !== found[name],
    );
    const facts = { expected, found };
    if (Object.keys(expected).length === 0)
      return { verdict: 'inconclusive', detail: 'there was nothing to compare with', facts, nothing: true };
    if (wrong.length === 0)
      return { verdict: 'pass', detail: `${Object.keys(found).length} tables as before`, facts };
    const gone = isEmptied(expected, found) ? ['every table is empty'] : [];
    return {
      verdict: 'fail',
      gone,
      detail: wrong
        .map((name) => `${name}: ${expected[name] ?? 'no table'} before, ${found[name] ?? 'no table'} now`)
        .join('; '),
      facts,
    };
  },
});
