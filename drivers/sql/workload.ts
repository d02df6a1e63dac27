import { messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import type { DataWorkload } from '../../core/workload.ts';

/**
 * The load's own table: a row an id, several rows a transaction. Ids are not unique by design: a recovery
 * that applies something twice must be able to show.
 */
export const ledgerWorkload = (parts: Pick<DataWorkload, 'prepare' | 'open' | 'readBack'>): DataWorkload => ({
  kind: 'data',
  groupSize: 4,
  neverReturn: false,
  ...parts,
});

/** Throws what became of a read that failed: it changed nothing. */
export function readFailed(error: unknown): never {
  throw new OperationError(messageOf(error), true, error);
}

/** Rejects a read-back of fewer rows, or more, than the same snapshot counts. */
export function assertAllRead(seen: number, total: number): void {
  if (seen !== total) throw new Error(`${seen} rows were read of ${total} that are there`);
}
