import { kinds, recordBytes, type Kind, type LedgerSource, type OperationOutcome } from '../core/ledger.ts';
import type { IdRange } from './ledger-survey.ts';
import { isSound } from './ledger-record.ts';

/** The records about a range of ids, in columns, used again for every range: no object per record. */
export interface Batch {
  size: number;
  id: Uint32Array;
  group: Uint32Array;
  kind: Uint8Array;
  outcome: Uint8Array;
  invokedMs: Float64Array;
  endedMs: Float64Array;
  low: Uint32Array;
  high: Uint32Array;
  /** Number of the record in the ledger. */
  record: Uint32Array;
  /** Rows by id, and by invocation within an id. */
  order: Uint32Array;
  scratch: Uint32Array;
}

export const createBatch = (capacity: number): Batch => ({
  size: 0,
  id: new Uint32Array(capacity),
  group: new Uint32Array(capacity),
  kind: new Uint8Array(capacity),
  outcome: new Uint8Array(capacity),
  invokedMs: new Float64Array(capacity),
  endedMs: new Float64Array(capacity),
  low: new Uint32Array(capacity),
  high: new Uint32Array(capacity),
  record: new Uint32Array(capacity),
  order: new Uint32Array(capacity),
  scratch: new Uint32Array(capacity),
});

/**
 * Everything about one id. Rows are indices into the batch's columns; both lists are used again for the next
 * id.
 */
export interface IdHistory {
  id: number;
  /** Writes and removals by invocation. */
  ops: Uint32Array;
  opCount: number;
  reads: Uint32Array;
  readCount: number;
  readbacks: number;
  /** Row of the first read-back; -1 when the id was not there. */
  shown: number;
}

export const kindOf = (batch: Batch, row: number): Kind => batch.kind[row] as Kind;
export const outcomeOf = (batch: Batch, row: number): OperationOutcome =>
  batch.outcome[row] as OperationOutcome;

/**
 * One pass over the ledger: the range's records, sorted, then each id in turn. The history is only valid
 * during the call.
 */
export function eachId(
  source: LedgerSource,
  load: number,
  range: IdRange,
  batch: Batch,
  visit: (history: IdHistory) => void,
): void {
  fill(batch, source, load, range);
  sortById(batch, range);
  const history: IdHistory = {
    id: 0,
    ops: new Uint32Array(16),
    opCount: 0,
    reads: new Uint32Array(16),
    readCount: 0,
    readbacks: 0,
    shown: -1,
  };
  for (let from = 0; from < batch.size; ) {
    const id = batch.id[batch.order[from]!]!;
    let to = from + 1;
    while (to < batch.size && batch.id[batch.order[to]!] === id) to += 1;
    sortByInvocation(batch, from, to);
    gather(batch, history, id, from, to);
    visit(history);
    from = to;
  }
}

function fill(batch: Batch, source: LedgerSource, load: number, { from, to }: IdRange): void {
  let record = -1;
  let row = 0;
  for (const chunk of source.chunks()) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + recordBytes <= chunk.byteLength; at += recordBytes) {
      record += 1;
      if (view.getUint8(at) !== load || view.getUint8(at + 1) === kinds.answer) continue;
      const id = view.getUint32(at + 4, true);
      if (id < from || id >= to || !isSound(view, at)) continue;
      batch.id[row] = id;
      batch.group[row] = view.getUint32(at + 8, true);
      batch.kind[row] = view.getUint8(at + 1);
      batch.outcome[row] = view.getUint8(at + 2);
      batch.invokedMs[row] = view.getFloat64(at + 16, true);
      batch.endedMs[row] = batch.invokedMs[row]! + view.getFloat32(at + 12, true);
      const removal = batch.kind[row] === kinds.remove;
      batch.low[row] = removal ? 0 : view.getUint32(at + 24, true);
      batch.high[row] = removal ? 0 : view.getUint32(at + 28, true);
      batch.record[row] = record;
      row += 1;
    }
  }
  batch.size = row;
}

const digitBits = 11;

/** Radix sort, least significant digit first: stable, so that the ledger's own order remains within an id. */
function sortById(batch: Batch, { from, to }: IdRange): void {
  for (let row = 0; row < batch.size; row += 1) batch.order[row] = row;
  const counts = new Uint32Array(1 << digitBits);
  for (let shift = 0; shift < Math.ceil(Math.log2(to - from)); shift += digitBits) {
    counts.fill(0);
    const digit = (row: number): number => ((batch.id[row]! - from) >>> shift) & ((1 << digitBits) - 1);
    for (let row = 0; row < batch.size; row += 1) counts[digit(row)]! += 1;
    let sum = 0;
    for (let value = 0; value < counts.length; value += 1) {
      const here = counts[value]!;
      counts[value] = sum;
      sum += here;
    }
    for (let at = 0; at < batch.size; at += 1) {
      const row = batch.order[at]!;
      const place = digit(row);
      batch.scratch[counts[place]!] = row;
      counts[place]! += 1;
    }
    [batch.order, batch.scratch] = [batch.scratch, batch.order];
  }
}

/** Insertion: within an id the ledger is nearly in order already, for it is in order of completion. */
function sortByInvocation(batch: Batch, from: number, to: number): void {
  const { order, invokedMs } = batch;
  for (let at = from + 1; at < to; at += 1) {
    const row = order[at]!;
    const key = invokedMs[row]!;
    let place = at;
    while (place > from && invokedMs[order[place - 1]!]! > key) {
      order[place] = order[place - 1]!;
      place -= 1;
    }
    order[place] = row;
  }
}

function gather(batch: Batch, history: IdHistory, id: number, from: number, to: number): void {
  if (history.ops.length < to - from) history.ops = new Uint32Array(2 * (to - from));
  if (history.reads.length < to - from) history.reads = new Uint32Array(2 * (to - from));
  history.id = id;
  history.opCount = 0;
  history.readCount = 0;
  history.readbacks = 0;
  history.shown = -1;
  for (let at = from; at < to; at += 1) {
    const row = batch.order[at]!;
    const kind = batch.kind[row];
    if (kind === kinds.read) history.reads[history.readCount++] = row;
    else if (kind !== kinds.readback) history.ops[history.opCount++] = row;
    else {
      if (history.shown === -1) history.shown = row;
      history.readbacks += 1;
    }
  }
}
