import crash from '../../faults/container/crash.ts';
import pause from '../../faults/container/pause.ts';
import stop from '../../faults/container/stop.ts';
import wipeVolume from '../../faults/storage/wipe-volume.ts';
import type { Proof } from '../../core/active-fault.ts';
import { environmentError, NothingToActOn } from '../../core/errors.ts';
import { valueFor } from '../../core/ledger.ts';
import {
  corruptPagesEntry,
  deleteRowsEntry,
  dropTableEntry,
  flushAllEntry,
  type PageDamage,
  wrongConfigEntry,
} from '../mistakes.ts';
import { rowSum, workloadTable, type Database, type Table } from './database.ts';
import { never } from './hanging.ts';
import { inflict, memoryFault } from './system.ts';

const rowsPerPage = 16;

const processGone = (database: Database): (() => Proof | null) => {
  const { pid } = database;
  return () =>
    database.pid === pid
      ? null
      : {
          what: `process ${pid} is gone: now ${database.pid}, ${database.status}`,
          facts: { pidBefore: pid, pidAfter: database.pid, status: database.status },
        };
};
const entryOf = <Params>({
  about,
  params,
  witnessDeadlineMs,
  askedAgain,
}: Pick<typeof crash, 'about' | 'witnessDeadlineMs' | 'askedAgain'> & { params: Params }) => ({
  about,
  params,
  witnessDeadlineMs,
  ...(askedAgain ? { askedAgain } : {}),
});

/**
 * Everything a database in memory can suffer: there is no container, so that what breaks one has a way of its
 * own here. A known-bad configuration makes them do nothing, or their undo fail.
 */
export const memoryFaults = {
  crash: memoryFault({
    ...entryOf(crash),
    inject: async (system) =>
      inflict(system, 'crash', {
        act: () => system.database.die(),
        seen: processGone(system.database),
      }),
  }),
  stop: memoryFault({
    ...entryOf(stop),
    inject: async (system) => {
      const { database } = system;
      return inflict(system, 'stop', {
        act: () => database.stop(),
        seen: processGone(database),
        stays: () =>
          database.status === 'stopped'
            ? { what: 'the process is stopped', facts: { pid: database.pid } }
            : null,
      });
    },
  }),
  pause: memoryFault({
    ...entryOf(pause),
    inject: async (system) => {
      const { database } = system;
      const frozen = (): Proof | null =>
        database.status === 'paused' ? { what: 'the process is frozen', facts: { pid: database.pid } } : null;
      return inflict(system, 'pause', { act: () => database.pause(), seen: frozen, stays: frozen });
    },
  }),
  'wipe-volume': memoryFault({
    ...entryOf(wipeVolume),
    losesData: 'all',
    inject: async (system) => {
      const { database, config, clock } = system;
      if (config.bad.hangs === 'wipe') return never(clock);
      const { pid, history } = database;
      const seen = (): Proof | null =>
        database.pid !== pid && database.history !== history
          ? {
              what: `process ${pid} is gone and its history ${history} with it`,
              facts: { pidBefore: pid, history: database.history },
            }
          : null;
      return inflict(system, 'wipe', {
        act: () => database.wipe(),
        seen,
        lost: true,
        stays: goneFor(database),
      });
    },
  }),
  'corrupt-pages': memoryFault({
    ...corruptPagesEntry,
    inject: async (system, params, { seed }) => {
      const { ids, act, seen, stays } = damageOf(system.database, { ...params, seed });
      return {
        ...inflict(system, 'corrupt-pages', { act, seen, lost: true, stays }),
        facts: { table: params.table, rows: ids.length },
      };
    },
  }),
  'drop-table': memoryFault({
    ...dropTableEntry,
    inject: async (system, { table }) => {
      const { database } = system;
      const before = tableOf(database, table);
      const seen = (): Proof | null =>
        database.tables.get(table)?.created === before.created
          ? null
          : { what: `table ${table} is not there`, facts: { table, rowsBefore: before.rows.size } };
      const stays = (): Proof | null =>
        database.tables.has(table) ? null : { what: `there is no table ${table}`, facts: { table } };
      return inflict(system, 'drop-table', { act: () => database.drop(table), seen, lost: true, stays });
    },
  }),
  'delete-rows': memoryFault({
    ...deleteRowsEntry,
    inject: async (system, { table, share }, { seed }) => {
      const { database } = system;
      const { rows } = tableOf(database, table);
      if (rows.size === 0) throw new NothingToActOn(`table ${table} has no rows to delete`);
      const ids = [...rows.keys()]
        .sort((a, b) => (valueFor(seed, a, -1) < valueFor(seed, b, -1) ? -1 : 1))
        .slice(0, Math.max(1, Math.ceil(rows.size * share)));
      const seen = (): Proof | null =>
        ids.some((id) => database.tables.get(table)?.rows.has(id))
          ? null
          : { what: `${ids.length} rows of ${table} are not there`, facts: { table, deleted: ids.length } };
      return inflict(system, 'delete-rows', {
        act: () =>
          database.commit(
            table,
            ids.map((id) => [id, null]),
          ),
        seen,
        lost: true,
        // Muster's own rows go and come with the load, and the ledger judges each of them.
        stays: table === workloadTable ? undefined : seen,
      });
    },
  }),
  'flush-all': memoryFault({
    ...flushAllEntry,
    inject: async (system) => {
      const { database } = system;
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
      return inflict(system, 'flush-all', { act, seen, lost: true, stays: goneFor(database) });
    },
  }),
  'wrong-config': memoryFault({
    ...wrongConfigEntry,
    inject: async (system) => {
      const { database } = system;
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
      const active = inflict(system, 'wrong-config', { act, seen: down, stays: down });
      const run = async (): Promise<void> => {
        database.misconfigured = false;
        await active.undo.run();
      };
      return { ...active, undo: { ...active.undo, run } };
    },
  }),
};

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
