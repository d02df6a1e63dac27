import type { Clock } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import { digestOf, OperationError } from '../../core/ledger.ts';
import type { MemoryConfig } from './config.ts';
import type { Entry } from './journal.ts';

export interface Row {
  value: string;
  sum: number;
}
/** `created` tells a table from another one of the same name that was made after it had gone. */
export interface Table {
  created: number;
  rows: Map<number, Row>;
}
export type Status = 'running' | 'paused' | 'stopped' | 'restarting';

export const workloadTable = 'records';
const entriesKept = 500_000;
const sumOf = (value: string): number => digestOf(value).low;

/**
 * A little database in this process: tables of numbered rows with a checksum each, atomic writes, a journal,
 * and a process that can die. An operation is on its way for a turn, is applied, and its answer is on its way
 * for another: a process that dies in between leaves the client not knowing, as over a network.
 */
export class Database {
  readonly #clock: Clock;
  readonly #config: MemoryConfig;
  readonly #thawed = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  tables = new Map<string, Table>();
  journal: Entry[] = [];
  /** Copies that it keeps by itself, out of the reach of whatever happens to its data. */
  readonly kept = new Map<string, string>();
  sequence = 0;
  pid = 1;
  /** A setting with which it does not come up. */
  misconfigured = false;
  /** It was restored from a backup. */
  restored = false;
  #histories = 0;
  #tablesMade = 0;
  #upAtMs = 0;
  #status: Exclude<Status, 'restarting'> = 'running';

  constructor(clock: Clock, config: MemoryConfig) {
    this.#clock = clock;
    this.#config = config;
  }

  /** Changes when the journal began anew: sequence numbers of different histories do not compare. */
  get history(): string {
    return `h${this.#histories}`;
  }

  get status(): Status {
    return this.#status === 'running' && this.#clock.nowMs() < this.#upAtMs ? 'restarting' : this.#status;
  }

  /** Runs `work` as one client operation. Rejects with OperationError. */
  async operate<T>(work: () => T): Promise<T> {
    if (this.status === 'stopped' || this.status === 'restarting')
      throw new OperationError(`connection refused: the database is ${this.status}`, true);
    const { pid } = this;
    await this.#travel(pid);
    const result = work();
    await this.#travel(pid);
    return result;
  }

  async #travel(pid: number): Promise<void> {
    if (this.#config.latencyMs > 0) await this.#clock.sleep(this.#config.latencyMs / 2);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.status === 'paused') await this.#frozen();
    if (this.pid !== pid) throw new OperationError('connection lost while waiting for the answer', false);
  }

  async #frozen(): Promise<void> {
    const waiting = new AbortController();
    const thaw = (): void => waiting.abort();
    this.#thawed.add(thaw);
    const timedOut = await this.#clock.sleep(this.#config.timeoutMs, waiting.signal).then(
      () => true,
      () => false,
    );
    this.#thawed.delete(thaw);
    if (timedOut) throw new OperationError(`no answer within ${this.#config.timeoutMs} ms`, false);
  }

  /** The table, or null where there is none and that means empty. Throws where it means an error. */
  tableToRead(name: string): Table | null {
    const table = this.tables.get(name);
    if (!table && this.#config.missingTable === 'error') throw new OperationError(`no table ${name}`, true);
    return table ?? null;
  }

  /** Throws when the row's checksum does not match its value. */
  rowOf(table: Table | null, id: number): string | null {
    const row = table?.rows.get(id);
    if (!row) return null;
    if (row.sum !== sumOf(row.value)) throw new OperationError(`row ${id} fails its checksum`, true);
    return row.value;
  }

  /** Applies and journals one atomic change. */
  commit(table: string, rows: Entry['rows']): void {
    if (!this.tables.has(table)) this.tableToRead(table);
    const written = rows.filter(([, value]) => value !== null).length;
    const statement = `${written === 0 ? 'DELETE FROM' : 'PUT INTO'} ${table} ${rows.map(([id]) => id).join(',')}`;
    this.#append({ statement, table, rows });
    const { forgetsOnceRestored } = this.#config.bad;
    if (this.restored && forgetsOnceRestored && this.sequence % forgetsOnceRestored === 0) return;
    this.apply(table, rows);
  }

  apply(table: string, rows: Entry['rows']): void {
    const target = this.createTable(table);
    for (const [id, value] of rows) {
      if (value === null) target.rows.delete(id);
      else target.rows.set(id, { value, sum: sumOf(value) });
    }
  }

  /** The table of that name; made if there is none. */
  createTable(name: string): Table {
    const known = this.tables.get(name);
    if (known) return known;
    this.#tablesMade += 1;
    const made = { created: this.#tablesMade, rows: new Map() };
    this.tables.set(name, made);
    return made;
  }

  drop(table: string): void {
    if (!this.tables.has(table))
      throw environmentError(`no table ${table}`, {
        found: [...this.tables.keys()].join(', ') || 'no tables',
      });
    this.#append({ statement: `DROP TABLE ${table}`, table, rows: [] });
    this.tables.delete(table);
  }

  #append(change: Pick<Entry, 'statement' | 'table' | 'rows'>): void {
    this.sequence += 1;
    this.journal.push({ history: this.history, sequence: this.sequence, utc: this.#clock.utc(), ...change });
    if (this.journal.length > entriesKept * 2) this.journal.splice(0, entriesKept);
    this.#tell();
  }

  /** Calls back whenever the journal has grown or begun anew. Gives the way to stop that. */
  onJournal(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * The process dies and is started again after `restartAfterMs`. What was committed is kept, but for
   * known-bad databases.
   */
  die(): void {
    this.#begin();
    this.#status = 'running';
    for (const entry of this.journal.slice(this.journal.length - this.#config.bad.forgetsOnCrash)) {
      for (const [id] of entry.rows) this.tables.get(entry.table)?.rows.delete(id);
    }
  }

  /** Everything is lost, journal included. */
  wipe(): void {
    this.tables = new Map();
    this.journal = [];
    this.sequence = 0;
    this.#histories += 1;
    this.die();
    this.#tell();
  }

  stop(): void {
    this.#newProcess();
    this.#status = 'stopped';
  }

  pause(): void {
    this.#status = 'paused';
  }

  /**
   * From whatever state, to running. A process that begins comes up in its own time; resolves then. Rejects
   * where it is misconfigured.
   */
  async start(): Promise<void> {
    if (this.misconfigured)
      throw environmentError('the database does not come up', {
        found: 'a setting that it does not know',
        expected: 'a configuration that it takes',
      });
    if (this.#status === 'stopped') this.#begin();
    this.#status = 'running';
    for (const thaw of this.#thawed) thaw();
    while (this.status === 'restarting')
      await this.#clock.sleep(Math.max(1, this.#upAtMs - this.#clock.nowMs()));
  }

  /** Another process, which is not up at once. */
  #begin(): void {
    this.#newProcess();
    this.#upAtMs = this.#clock.nowMs() + this.#config.restartAfterMs;
  }

  #newProcess(): void {
    this.pid += 1;
    for (const thaw of this.#thawed) thaw();
  }
}

/** Checksum of a row as the database computes it: damage that is `structured` has a matching one. */
export const rowSum = sumOf;
