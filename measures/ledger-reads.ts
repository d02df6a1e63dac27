import { outcomes } from '../core/ledger.ts';
import { sameValue } from './ledger-classify.ts';
import { outcomeOf, type Batch, type IdHistory } from './ledger-batch.ts';

export interface ReadContext {
  /** From here on the recovered data may answer (recoveryBoundaryMs). */
  boundaryMs: number;
  /** The recovery was over: what is acknowledged from here on must be found. Infinity when it never was. */
  recoveredMs: number;
  /** The load was read back completely; otherwise nothing is known of what the recovered data holds. */
  readBack: boolean;
}

/** Calls `wrong` with the row of every read that was answered, and not rightly. */
export function judgeReads(
  batch: Batch,
  history: IdHistory,
  context: ReadContext,
  wrong: (row: number) => void,
): void {
  if (history.readCount === 0) return;
  for (let at = 0; at < history.readCount; at += 1) {
    const read = history.reads[at]!;
    if (outcomeOf(batch, read) !== outcomes.ok) continue;
    if (isAcknowledged(batch, history, read)) continue;
    if (
      context.readBack &&
      batch.endedMs[read]! >= context.boundaryMs &&
      !isWrittenSince(batch, history, context, read)
    ) {
      if (history.shown === -1 ? isAbsent(batch, read) : sameValue(batch, read, history.shown)) continue;
      if (isRecovered(batch, history, context, read)) continue;
    }
    wrong(read);
  }
}

/** The recovery explains nothing of what was written when it was over. */
function isWrittenSince(
  batch: Batch,
  history: IdHistory,
  { recoveredMs }: ReadContext,
  read: number,
): boolean {
  for (let at = history.opCount - 1; at >= 0; at -= 1) {
    const op = history.ops[at]!;
    if (batch.invokedMs[op]! < recoveredMs) return false;
    if (outcomeOf(batch, op) === outcomes.ok && batch.endedMs[op]! <= batch.invokedMs[read]!) return true;
  }
  return false;
}

const isAbsent = (batch: Batch, row: number): boolean => batch.low[row] === 0 && batch.high[row] === 0;

/**
 * Right by the client's own record: the value of the last write or removal acknowledged before the read was
 * invoked, of one that overlapped it, or of any earlier one of unknown outcome. An id that nobody wrote is
 * right when absent.
 */
function isAcknowledged(batch: Batch, history: IdHistory, read: number): boolean {
  let superseded = false;
  for (let at = countInvokedBy(batch, history, batch.endedMs[read]!) - 1; at >= 0; at -= 1) {
    const op = history.ops[at]!;
    const outcome = outcomeOf(batch, op);
    if (outcome === outcomes.fail || (superseded && outcome === outcomes.ok)) continue;
    if (sameValue(batch, op, read)) return true;
    if (outcome === outcomes.ok && batch.endedMs[op]! <= batch.invokedMs[read]!) superseded = true;
  }
  return !superseded && isAbsent(batch, read);
}

/** How many of the id's operations were invoked by then. */
function countInvokedBy(batch: Batch, history: IdHistory, ms: number): number {
  let low = 0;
  let high = history.opCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batch.invokedMs[history.ops[middle]!]! <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a read gave what the recovery had brought, of an id that has been written again since. */
function isRecovered(batch: Batch, history: IdHistory, { boundaryMs }: ReadContext, read: number): boolean {
  const fromMs = Math.max(boundaryMs, batch.invokedMs[read]!);
  for (let at = 0; at < history.opCount; at += 1) {
    const op = history.ops[at]!;
    if (outcomeOf(batch, op) !== outcomes.ok || batch.endedMs[op]! < fromMs) continue;
    const recovered = recoveredRead(batch, history, boundaryMs, op);
    return recovered !== -1 && sameValue(batch, read, recovered);
  }
  return false;
}

/**
 * An id that was written again after recovery hides from the read-back what the recovery had brought. The
 * last read before that write saw it: what that read gave counts as recovered, when it is absence or
 * something once written. Where none came before, the first that overlapped that write and did not see it yet
 * is taken.
 */
function recoveredRead(batch: Batch, history: IdHistory, boundaryMs: number, overwritten: number): number {
  let overlapping = -1;
  for (let at = history.readCount - 1; at >= 0; at -= 1) {
    const read = history.reads[at]!;
    if (
      outcomeOf(batch, read) !== outcomes.ok ||
      batch.invokedMs[read]! > batch.endedMs[overwritten]! ||
      batch.endedMs[read]! < boundaryMs
    )
      continue;
    const may = isAbsent(batch, read) || isOnceWritten(batch, history, read);
    if (batch.endedMs[read]! <= batch.invokedMs[overwritten]!) return may ? read : -1;
    if (may && !sameValue(batch, read, overwritten)) overlapping = read;
  }
  return overlapping;
}

function isOnceWritten(batch: Batch, history: IdHistory, read: number): boolean {
  for (let at = 0; at < history.opCount; at += 1) {
    const op = history.ops[at]!;
    if (
      outcomeOf(batch, op) !== outcomes.fail &&
      batch.invokedMs[op]! <= batch.endedMs[read]! &&
      sameValue(batch, op, read)
    )
      return true;
  }
  return false;
}
