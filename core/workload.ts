import type { Kind, OperationOutcome } from './ledger.ts';

/** How the ledger is told of an operation. Times are the clock's own (absolute monotonic ms). */
export interface Recorder {
  record(
    kind: Kind,
    outcome: OperationOutcome,
    id: number,
    group: number,
    invokedMs: number,
    endedMs: number,
    low: number,
    high: number,
    flags: number,
  ): void;
}

/**
 * What is not found by whoever asks for each record by its name (`phantom`, `duplicated`), or looks only for
 * what was acknowledged (`failed`), or sees that a record is there and not what is in it (`corrupt`).
 */
export type Blind = 'phantom' | 'duplicated' | 'failed' | 'corrupt';

/** Muster's own records in the system under test: a table or key space that no application knows. */
export interface DataWorkload {
  kind: 'data';
  /**
   * Members of an atomic group written together: a power of two, at most 16; 1 where the system has no
   * transactions.
   */
  groupSize: number;
  /** Rows or keys that were removed must never be there again (then a lost delete is `resurrected`). */
  neverReturn: boolean;
  /** Share of the load's operations that remove something, from 0 to 0.5; 0.02 when left out. */
  removals?: number;
  /** What reading it back cannot show, whatever is there: that there is none is then no finding. */
  blindTo?: readonly Blind[];
  prepare(): Promise<void>;
  open(): Promise<DataClient>;
  /**
   * Reads everything of the workload back through the clients' way in. Rejects when it could not read all of
   * it.
   */
  readBack(emit: (id: number, value: string) => void): Promise<void>;
}

/**
 * Methods reject with OperationError; `certain` only when the operation certainly did not happen. Reads of
 * nothing give null.
 */
export interface DataClient {
  /** All of them atomically, acknowledged. */
  write(ids: readonly number[], values: readonly string[]): Promise<void>;
  read(id: number): Promise<string | null>;
  remove(id: number): Promise<void>;
  /**
   * Whether that can be asked of the record now, and the answer would mean something; where it cannot,
   * another record is written instead. Left out: always.
   */
  can?(what: 'read' | 'rewrite' | 'remove', id: number): boolean;
  close(): Promise<void>;
}

/**
 * What passing visitors do, by a load generator. Every answer is in the record (`answer`); nothing stays that
 * could be read back.
 */
export interface VisitWorkload {
  kind: 'visits';
  prepare(): Promise<void>;
  open(recorder: Recorder): Promise<VisitClient>;
}
export interface VisitClient {
  /** One visit; never rejects: what went wrong is in the record. */
  visit(number: number): Promise<void>;
  close(): Promise<void>;
}
