import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import { inputError } from '../../core/errors.ts';
import { valueFor } from '../../core/ledger.ts';
import { never } from './hanging.ts';
import type { MemorySystem } from './system.ts';

const action = actionsOf<MemorySystem>();

export const actions = {
  seed: action({
    about: 'fill a table of the application with rows',
    params: z.strictObject({
      table: z.string().default('accounts').describe('Table that is made where it is not there'),
      rows: z.int().min(0).default(100).describe('How many rows'),
    }),
    run: async ({ database, config, clock, seed }, { table, rows }) => {
      if (config.bad.hangs === 'seed') await never(clock);
      await database.operate(() => database.createTable(table));
      if (rows > 0)
        await database.operate(() =>
          database.commit(
            table,
            Array.from({ length: rows }, (_, id) => [id, valueFor(seed, id, 0)]),
          ),
        );
      return { table, rows };
    },
  }),
  clear: action({
    about: 'remove all rows of a table',
    params: z.strictObject({ table: z.string().describe('Table that is emptied') }),
    run: async ({ database }, { table }) => {
      const ids = [...(database.tables.get(table)?.rows.keys() ?? [])];
      if (!database.tables.has(table))
        throw inputError(`no table ${table}`, {
          found: [...database.tables.keys()].join(', ') || 'no tables',
        });
      await database.operate(() =>
        database.commit(
          table,
          ids.map((id) => [id, null]),
        ),
      );
      return { table, rows: ids.length };
    },
  }),
};
