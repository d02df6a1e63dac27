import type { Abilities, Inflicted, PageDamage, Proof, Undo } from '../../core/abilities.ts';
import { environmentError, NothingToActOn } from '../../core/errors.ts';
import { valueFor } from '../../core/ledger.ts';
import type { MemoryConfig } from './config.ts';
import { rowSum, workloadTable, type Database, type Table } from './database.ts';

const rowsPerPage = 16;
const undoDeadlineMs = 5_000;

/**
 * Everything a database in memory can suffer. A known-bad configuration makes them do nothing, or their undo
 * fail.
 */
export function memoryAbilities(database: Database, config: MemoryConfig): Partial<Abilities> {
  const real = config.bad.faults === 'real';
  const inflict: Inflict = (name, act, seen, lost, stays) => {
    const { pid } = database;
    if (real) act();
    const again = stays ? { stillThere: async () => stays() } : {};
    return {
      facts: { pid },
      witness: async () => seen(),
      ...again,
      undo: undoOf(database, config, name, lost),
    };
  };
  const frozen = (): Proof | null =>
    database.status === 'paused' ? { what: 'the process is frozen', facts: { pid: database.pid } } : null;
  const processGone = (pid: number) => (): Proof | null =>
    database.pid === pid
      ? null
      : {
          what: `process ${pid} is gone: now ${database.pid}, ${database.status}`,
          facts: { pidBefore: pid, pidAfter: database.pid, status: database.status },
        };
  return {
    crash: async () => inflict('crash', () => database.die(), processGone(database.pid), false),
    stop: async () =>
      inflict(
        'stop',
        () => database.stop(),
        processGone(database.pid),
        false,
        () =>
          database.status === 'stopped'
            ? { what: 'the process is stopped', facts: { pid: database.pid } }
            : null,
      ),
    pause: async () => inflict('pause', () => database.pause(), frozen, false, frozen),
    wipe: async () => {
      const { pid, history } = database;
      const seen = (): Proof | null =>
        database.pid !== pid && database.history !== history
          ? {
              what: `process ${pid} is gone and its history ${history} with it`,
              facts: { pidBefore: pid, history: database.history },
            }
          : null;
      return inflict('wipe', () => database.wipe(), seen, true, goneFor(database));
    },
    corruptPages: async (damage) => {
      const { ids, act, seen, stays } = damageOf(database, damage);
      return {
        ...inflict('corrupt-pages', act, seen, true, stays),
        facts: { table: damage.table, rows: ids.length },
      };
    },
    dropTable: async (table) => {
      const before = tableOf(database, table);
      const seen = (): Proof | null =>
        database.tables.get(table)?.created === before.created
          ? null
          : { what: `table ${table} is not there`, facts: { table, rowsBefore: before.rows.size } };
      const stays = (): Proof | null =>
        database.tables.has(table) ? null : { what: `there is no table ${table}`, facts: { table } };
      return inflict('drop-table', () => database.drop(table), seen, true, stays);
    },
    ...operatorAbilities(database, inflict),
  };
}

/** `stays`: how to see, when the recovery is over, that the effect is still there. */
type Inflict = (
  name: string,
  act: () => void,
  seen: () => Proof | null,
  lost: boolean,
  stays?: () => Proof | null,
) => Inflicted;

/**
 * How to see that none of the application's rows came back. Muster's own come again with the load, and the
 * ledger judges each of them.
 */
function goneFor(database: Database): (() => Proof | null) | undefined {
  const before = [...database.tables]
    .filter(([name]) => name !== workloadTable)
    .flatMap(([name, { rows }]) => [...rows.keys()].map((id) => [name, id] as const));
  if (before.length === 0) return undefined;
  return () =>
    before.some(([name, id]) => database.tables.get(name)?.rows.has(id))
      ? null
      : {
          what: `none of ${before.length} rows of the application is back`,
          facts: { rowsBefore: before.length },
        };
}

/** What a person does by mistake. */
const operatorAbilities = (
  database: Database,
  inflict: Inflict,
): Pick<Abilities, 'deleteRows' | 'flushAll' | 'wrongConfig'> => ({
  deleteRows: async ({ table, share, seed }) => {
    const { rows } = tableOf(database, table);
    if (rows.size === 0) throw new NothingToActOn(`table ${table} has no rows to delete`);
    const ids = [...rows.keys()]
      .sort((a, b) => (valueFor(seed, a, -1) < valueFor(seed, b, -1) ? -1 : 1))
      .slice(0, Math.max(1, Math.ceil(rows.size * share)));
    const seen = (): Proof | null =>
      ids.some((id) => database.tables.get(table)?.rows.has(id))
        ? null
        : { what: `${ids.length} rows of ${table} are not there`, facts: { table, deleted: ids.length } };
    // Muster's own rows go and come with the load, and the ledger judges each of them.
    const stays = table === workloadTable ? undefined : seen;
    return inflict(
      'delete-rows',
      () =>
        database.commit(
          table,
          ids.map((id) => [id, null]),
        ),
      seen,
      true,
      stays,
    );
  },
  flushAll: async () => {
    const before = [...database.tables.values()].flatMap(({ rows }) => [...rows.values()]);
    if (before.length === 0) throw new NothingToActOn('there are no rows to lose');
    const seen = (): Proof | null => {
      const now = new Set([...database.tables.values()].flatMap(({ rows }) => [...rows.values()]));
      return before.some((row) => now.has(row))
        ? null
        : {
            what: `none of the ${before.length} rows is there`,
            facts: { rowsBefore: before.length, rowsNow: now.size },
          };
    };
    const act = (): void => {
      for (const [name, { rows }] of database.tables)
        database.commit(
          name,
          [...rows.keys()].map((id) => [id, null]),
        );
    };
    return inflict('flush-all', act, seen, true, goneFor(database));
  },
  wrongConfig: async () => {
    const act = (): void => {
      database.misconfigured = true;
      database.stop();
    };
    const down = (): Proof | null =>
      database.status === 'stopped' && database.misconfigured
        ? {
            what: 'the process is gone and does not come up: a setting that it does not know',
            facts: { pid: database.pid },
          }
        : null;
    const inflicted = inflict('wrong-config', act, down, false, down);
    const run = async (): Promise<void> => {
      database.misconfigured = false;
      await inflicted.undo.run();
    };
    return { ...inflicted, undo: { ...inflicted.undo, run } };
  },
});

function tableOf(database: Database, name: string): Table {
  const table = database.tables.get(name);
  if (!table)
    throw environmentError(`no table ${name}`, {
      found: [...database.tables.keys()].join(', ') || 'no tables',
    });
  return table;
}

/**
 * Rows of the chosen pages get another value: `random` without its checksum (reading fails), `structured`
 * with it (reading lies).
 */
function damageOf(
  database: Database,
  damage: PageDamage,
): { ids: number[]; act: () => void; seen: () => Proof | null; stays: (() => Proof | null) | undefined } {
  const table = tableOf(database, damage.table);
  const all = [...table.rows.keys()].sort((a, b) => a - b);
  const pages = Math.ceil(all.length / rowsPerPage);
  if (pages === 0) throw new NothingToActOn(`table ${damage.table} has no rows to damage`);
  const first = (damage.seed >>> 0) % pages;
  const ids = Array.from({ length: Math.min(damage.pages, pages) }, (_, i) => (first + i) % pages).flatMap(
    (page) => all.slice(page * rowsPerPage, (page + 1) * rowsPerPage),
  );
  const before = new Map(ids.map((id) => [id, table.rows.get(id)!.value]));
  const act = (): void => {
    for (const id of ids) {
      const row = table.rows.get(id)!;
      const value = valueFor(damage.seed, id, -1);
      table.rows.set(id, { value, sum: damage.pattern === 'structured' ? rowSum(value) : row.sum });
    }
  };
  const seen = (): Proof | null => {
    const changed = ids.filter(
      (id) => database.tables.get(damage.table)?.rows.get(id)?.value !== before.get(id),
    ).length;
    return changed === 0
      ? null
      : {
          what: `${changed} rows of ${damage.table} are not what they were`,
          facts: { table: damage.table, changed },
        };
  };
  const wrong = (): Proof | null => {
    const left = ids.filter(
      (id) => database.tables.get(damage.table)?.rows.get(id)?.value === valueFor(damage.seed, id, -1),
    ).length;
    return left === 0
      ? null
      : {
          what: `${left} rows of ${damage.table} still hold what the damage put there`,
          facts: { table: damage.table, left },
        };
  };
  return { ids, act, seen, stays: damage.table === workloadTable ? undefined : wrong };
}

const undoOf = (database: Database, config: MemoryConfig, name: string, lost: boolean): Undo => ({
  name: `undo ${name}`,
  deadlineMs: undoDeadlineMs,
  run: async () => {
    if (config.bad.undo === 'fails') throw environmentError('the undo does not work');
    if (config.bad.undo === 'works') await database.start();
  },
  healed: async () => (database.status !== 'running' ? false : lost ? null : true),
});
