import type { Check } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import type { Database } from './database.ts';

/** Rows of every table that are as they were written. Throws at one that is not. */
function wholeRows(database: Database): Record<string, number> {
  return Object.fromEntries(
    [...database.tables].map(([name, table]) => {
      for (const id of table.rows.keys()) database.rowOf(table, id);
      return [name, table.rows.size];
    }),
  );
}

/** Compares with nothing from before: it can be asked of what was restored into an empty database as well. */
export const rows = (database: Database): Check => ({
  after: async () => {
    let found: Record<string, number>;
    try {
      found = await database.operate(() => wholeRows(database));
    } catch (error) {
      return { verdict: 'fail', detail: messageOf(error), facts: null };
    }
    const all = Object.values(found).reduce((total, count) => total + count, 0);
    return {
      verdict: all > 0 ? 'pass' : 'fail',
      detail: all > 0 ? `${all} rows, each with its checksum` : 'there is no row in any table',
      facts: found,
    };
  },
});
