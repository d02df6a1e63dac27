import { z } from 'zod';
import type { Action, AttachContext, Check } from '../../core/driver.ts';
import { inputError } from '../../core/errors.ts';
import { valueFor } from '../../core/ledger.ts';
import type { Json } from '../../core/timeline.ts';
import type { MemoryConfig } from './config.ts';
import { copyMethod, serverName } from './copy.ts';
import { Database, workloadTable } from './database.ts';
import { journalMethod } from './follow.ts';
import { hanging, never } from './hanging.ts';
import type { MemorySystem } from './system.ts';
import { memoryWorkload } from './workload.ts';

const databases = new Map<string, Database>();
const seedParams = z.strictObject({
  table: z.string().default('accounts'),
  rows: z.int().min(0).default(100),
});
const clearParams = z.strictObject({ table: z.string() });

/** The database of a component, while a drill of this process is attached to it: what its clients share. */
export const databaseOf = (component: string): Database | undefined => databases.get(component);

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

const inventory = (database: Database): Check => ({
  before: () => database.operate(() => countsOf(database)),
  after: async (baseline: Json) => {
    const expected = baseline as Record<string, number>;
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

function actionsOf(database: Database, seed: number): Record<string, Action> {
  return {
    seed: async (params) => {
      const { table, rows } = seedParams.parse(params);
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
    clear: async (params) => {
      const { table } = clearParams.parse(params);
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
  };
}

export async function attach({
  component,
  service,
  config,
  clock,
  seed,
}: AttachContext<MemoryConfig>): Promise<MemorySystem> {
  const database = databases.get(component) ?? new Database(clock, config);
  databases.set(component, database);
  const { hangs } = config.bad;
  if (hangs === 'attach') await never(clock);
  return hanging(
    hangs,
    {
      server: serverName,
      service,
      backups: { copy: copyMethod(database, config), journal: journalMethod(database, config, clock) },
      workload: memoryWorkload(database, config),
      actions: actionsOf(database, seed),
      checks: { inventory: inventory(database) },
      database,
      config,
      clock,
      ready: async () => database.status === 'running',
      close: async () => {
        databases.delete(component);
      },
    },
    clock,
  );
}
