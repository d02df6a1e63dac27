import type { DataWorkload } from '../../core/workload.ts';
import { OperationError } from '../../core/ledger.ts';
import type { MemoryConfig } from './config.ts';
import { workloadTable, type Database } from './database.ts';

/** Numbered records in a table of their own, written in atomic groups. */
export const memoryWorkload = (database: Database, config: MemoryConfig): DataWorkload => ({
  kind: 'data',
  groupSize: config.groupSize,
  neverReturn: config.neverReturn,
  blindTo: ['duplicated'],
  prepare: async () => {
    await database.operate(() => database.createTable(workloadTable));
  },
  open: async () => ({
    write: (ids, values) =>
      database.operate(() =>
        database.commit(
          workloadTable,
          ids.map((id, i) => [id, values[i]!]),
        ),
      ),
    read: (id) => database.operate(() => database.rowOf(database.tableToRead(workloadTable), id)),
    remove: (id) => database.operate(() => database.commit(workloadTable, [[id, null]])),
    close: async () => undefined,
  }),
  readBack: async (emit) => {
    const ids = await database.operate(() => [...(database.tableToRead(workloadTable)?.rows.keys() ?? [])]);
    for (const [at, id] of ids.entries()) {
      if (config.bad.readBack === 'fails' && at >= ids.length / 2)
        throw new OperationError('reading back broke off', true);
      const value = database.rowOf(database.tableToRead(workloadTable), id);
      if (value !== null) emit(id, value);
    }
    if (config.bad.readBack === 'fails') throw new OperationError('reading back broke off', true);
    await database.operate(() => undefined);
  },
});
