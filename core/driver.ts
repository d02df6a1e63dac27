import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import type { Clock } from './clock.ts';
import type { Kind, Outcome } from './ledger.ts';
import type { Endpoint, Service } from './service.ts';
import type { Json, Stage } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/**
 * The undo of something done. Run last-in-first-out, always, each with its deadline; `healed` is then asked,
 * not assumed.
 */
export interface Undo {
  name: string;
  deadlineMs: number;
  run(): Promise<void>;
  /**
   * True when an independent look says that nothing of the fault is left; null when that is the recovery's
   * business (lost data).
   */
  healed(): Promise<boolean | null>;
}

/** Independent evidence that a fault took effect, in words, with the facts it rests on. */
export interface Proof {
  what: string;
  facts: Json;
}

/**
 * Something inflicted: how to see that it took effect (asked until it gives a proof or time is up) and how to
 * undo it.
 */
export interface Inflicted {
  facts: Json;
  witness(): Promise<Proof | null>;
  /**
   * Asked once more when the recovery is over: a proof that the effect is still there, which nobody recovered
   * from; null when it is not. Rejects when that cannot be seen. Left out where nothing distinguishes the
   * effect from what a recovery leaves, such as a process that is another one.
   */
  stillThere?(): Promise<Proof | null>;
  /**
   * Port of the target's service where clients would meet it; left out for what strikes a whole component.
   */
  way?: number;
  undo: Undo;
}

/**
 * Which pages or bytes of what to damage. `seed` decides which ones: the same seed damages the same bytes.
 */
export interface PageDamage {
  table: string;
  pages: number;
  pattern: 'random' | 'structured';
  seed: number;
}

/**
 * Which file of the data folder, by the driver's own knowledge: `data` holds what clients wrote, `log` is the
 * write-ahead or append-only log. `bits` flips so many, spread over the file; `keep` is the share (0 to 1)
 * that stays of a truncated one. With `restart` the process is taken away around the damage, so that it must
 * read the file again; without, one that holds the file open may notice nothing.
 */
export type FileDamage = { file: 'data' | 'log'; restart: boolean; seed: number } & (
  | { how: 'flip-bits'; bits: number }
  | { how: 'truncate'; keep: number }
  | { how: 'delete' }
);

/** One toxic of a proxy in the clients' way, in Toxiproxy's own terms. */
export interface ToxicSpec {
  proxy: string;
  type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data';
  stream: 'upstream' | 'downstream';
  attributes: Record<string, number>;
}

/**
 * Names for what a driver can suffer or do; a fault `needs` some of them, and plan refuses a target that
 * lacks one.
 */
export interface Abilities {
  /** The process dies as by the OOM killer; restart policies act. */
  crash(): Promise<Inflicted>;
  pause(): Promise<Inflicted>;
  /**
   * The process hangs and keeps its sockets; what looks after it, such as a health check in the container,
   * goes on.
   */
  hang(): Promise<Inflicted>;
  stop(): Promise<Inflicted>;
  /** The data volume is lost, and the process with it. */
  wipe(): Promise<Inflicted>;
  /** Bytes on disk change under the running server. */
  corruptPages(damage: PageDamage): Promise<Inflicted>;
  /** An operator's mistake, as statements of the system itself. */
  dropTable(table: string): Promise<Inflicted>;
  /** A share (0 to 1) of the table's rows, chosen by the seed. */
  deleteRows(spec: { table: string; share: number; seed: number }): Promise<Inflicted>;
  /**
   * Values of a text column change in a share (0 to 1) of the table's rows, chosen by the seed, by statements
   * of the system itself.
   */
  corruptRows(spec: { table: string; column: string; share: number; seed: number }): Promise<Inflicted>;
  flushAll(): Promise<Inflicted>;
  /** A setting with which the service does not come up again, and a restart. */
  wrongConfig(): Promise<Inflicted>;
  /** Killed again each time it has come up, so many times. */
  killLoop(spec: { times: number }): Promise<Inflicted>;
  /**
   * The container's memory limit is lowered to what it uses, and then it needs more: the kernel's OOM killer
   * ends the process.
   */
  exhaustMemory(): Promise<Inflicted>;
  damageFile(damage: FileDamage): Promise<Inflicted>;
  /**
   * Pages are replaced by older versions of themselves, with valid checksums: only a digest of the rows sees
   * it.
   */
  stalePages(damage: Omit<PageDamage, 'pattern'>): Promise<Inflicted>;
  /** The data file system is really full. */
  fillDisk(): Promise<Inflicted>;
  /**
   * Every file of the data volume is overwritten by its own ciphertext under a key that nobody keeps, as
   * ransomware does, and the process ends.
   */
  encryptVolume(): Promise<Inflicted>;
  /** Packets are dropped: those that arrive, those that leave, or both. */
  partition(direction: 'in' | 'out' | 'both'): Promise<Inflicted>;
  /** A proxy in the clients' way misbehaves, or is down. */
  toxic(spec: ToxicSpec): Promise<Inflicted>;
  cutProxy(proxy: string): Promise<Inflicted>;
  /** The certificate that is served is expired, or for another name by another authority. */
  badCertificate(kind: 'expired' | 'wrong'): Promise<Inflicted>;
  loseConfig(): Promise<Inflicted>;
  /** An operator removes the container, and its image where only this drill uses it. */
  removeContainer(): Promise<Inflicted>;
  /** Closed for maintenance on purpose: every write is refused as such, reads and replication go on. */
  closeWrites(): Promise<Inflicted>;
}
export type AbilityName = keyof Abilities;

export interface Attached extends Partial<Abilities> {
  /** Product and version as the server says it: `Redis 8.0.2`. */
  server: string;
  /** The folder in the container in which the server keeps its data, by its own account. */
  dataFolder?: string;
  backups: Record<string, BackupMethod>;
  workload: Workload | null;
  /** By name: traffic that a load generator of its own makes. */
  generators?: Record<string, VisitWorkload>;
  actions: Record<string, Action>;
  checks: Record<string, Check>;
  /** True when the service answers as ready; false when it answers otherwise or not at all. Never throws. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

export interface AttachContext<Config> {
  component: string;
  service: Service;
  config: Config;
  /** Where the clients go in: the strategy's `clients`, or the driver's own port of the service. */
  clients(): Promise<Endpoint>;
  /** Another service of the same stack, by its name in the compose file. Rejects an unknown name. */
  peer(name: string): Service;
  clock: Clock;
  seed: number;
  /**
   * A secret by name, from the run's generated environment, then from the process environment. Throws an
   * input error when unknown.
   */
  secret(name: string): string;
  note(text: string): void;
}

export interface BackupInfo {
  about: string;
  /** `snapshot`: a recovery point each time. `continuous`: a log that is followed. */
  kind: 'snapshot' | 'continuous';
  /**
   * `image`: the software alone and no data, which is nothing that an RPO is about. The service then runs
   * from an image of the drill's own, so that it can be lost.
   */
  holds?: 'image';
  options: ZodType<Record<string, unknown>>;
}

/**
 * A technology. What it offers is stated ahead of any container, so that plan can refuse what cannot work.
 */
export interface Driver<Config = never> {
  about: string;
  config: ZodType<Config>;
  /** The service's own port for clients. */
  port: number;
  abilities: readonly AbilityName[];
  /**
   * Where servers of this kind usually keep their data in a container: of a folder of the host there, a drill
   * begins with none.
   */
  dataFolders?: readonly string[];
  backups: Record<string, BackupInfo>;
  workload: 'data' | 'journeys' | null;
  /** Load generators that can drive this component, each with what it does: what a load's `by` may name. */
  generators?: Record<string, string>;
  actions: Record<string, string>;
  /** Those of its actions by which this server begins to serve what another one of its kind served. */
  takesOver?: readonly string[];
  checks: Record<string, string>;
  attach(context: AttachContext<Config>): Promise<Attached>;
}
// A registry holds drivers of different configurations; each parses its own before it is attached.
// biome-ignore lint: the one place where the configuration's type is given up
export type AnyDriver = Driver<any>;

export const defineDriver = <Config>(driver: Driver<Config>): Driver<Config> => driver;

/**
 * Consistency point of a backup: when (drill clock), and where in the system's own terms (GTID set,
 * replication offset).
 */
export interface Consistency {
  atMs: number;
  position: Record<string, string>;
  tool: string;
  server: string;
  facts?: Json;
}

/**
 * Where a backup's files go. `put` resolves when the stream has ended and is stored in every required copy,
 * not yet visible.
 */
export interface Sink {
  put(name: string, content: Readable): Promise<{ plainBytes: number; sha256: string }>;
}

/**
 * Where a continuous log goes, in order. Resolves when durable in every required copy. Offset 0 starts the
 * file anew.
 */
export interface LogSink {
  append(file: string, offset: number, bytes: Uint8Array): Promise<void>;
}

export interface Follower {
  /** Settles (with the reason) when following ended without `stop` having been asked for. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

export interface PlainFile {
  name: string;
  path: string;
  bytes: number;
}

/** A recovery point fetched, verified against its manifest, decrypted: plain files in a scratch folder. */
export interface Artifact {
  point: string;
  method: string;
  position: Record<string, string>;
  tool: string;
  server: string;
  facts: Json;
  files: PlainFile[];
}

export type RecoveryTarget =
  | { kind: 'latest' }
  | { kind: 'before-gtid'; gtid: string }
  | { kind: 'before-statement'; pattern: string }
  | { kind: 'before-time'; utc: string }
  | { kind: 'before-position'; file: string; position: number };

export interface RestoreContext {
  options: Record<string, unknown>;
  /** A later step replays a log on top of this restore: a driver may keep clients out until then. */
  replayFollows?: boolean;
  /**
   * Given only where the very next step replays a log on top of this restore: a driver may leave open until
   * then what it restored with. `close` is called when that step has ended, whatever became of it, and where
   * it never comes; nothing else is done before.
   */
  leaveOpen?(close: () => Promise<void>): void;
  signal: AbortSignal;
  /** Marks a stretch of the work on the timeline; the waterfall is made of these. */
  stage<T>(stage: Stage, what: string, work: () => Promise<T>): Promise<T>;
  progress(done: number, total: number | null, unit: 'bytes' | 'events'): void;
}

/** A method that cannot do one of these leaves it out, and plan refuses a step that asks for it. */
export interface BackupMethod {
  /**
   * Must not return before the content is complete by every stage's exit code and the format's own
   * completeness marker. Throws otherwise.
   */
  backup?(
    to: Sink,
    context: { options: Record<string, unknown>; signal: AbortSignal; now(): number },
  ): Promise<Consistency>;
  /**
   * Asked for each step of the recovery that will use this method, while nothing is broken: rejects with what
   * stands in its way on this server, and with what to change.
   */
  assertUsable?(step: 'restore' | 'replay'): Promise<void>;
  /** `base`: facts of the newest snapshot of the component, if the scenario takes one: where to start. */
  follow?(
    to: LogSink,
    context: { options: Record<string, unknown>; signal: AbortSignal; base: Consistency | null },
  ): Promise<Follower>;
  /** Puts the artifact's data in the place of whatever is there and leaves the service running. */
  restore?(from: Artifact, context: RestoreContext): Promise<Json>;
  /** Replays a followed log on top of a restored base, up to the target. */
  replay?(from: Artifact, until: RecoveryTarget, base: Artifact, context: RestoreContext): Promise<Json>;
}

/**
 * A named thing a component can be told to do: a recovery step (`invalidate-sessions`) or part of seeding.
 */
export type Action = (params: Record<string, Json>) => Promise<Json>;

/**
 * `nothing`: inconclusive because there was nothing to compare. `gone`: in words, what is of no use to an
 * application, and what none does to itself: a database that held data and is missing, empty as a whole, or
 * locked and not let go.
 */
export interface CheckOutcome {
  verdict: Verdict;
  detail: string;
  facts: Json;
  nothing?: true;
  gone?: string[];
}
export interface Check {
  /** Run after seeding, before the load: what `after` compares with. */
  before?(): Promise<Json>;
  /**
   * A short look right before the first fault, for what may rightly change after `before` and must not change
   * back unnoticed.
   */
  justBefore?(): Promise<Json>;
  /**
   * `brokenAtMs`: when the first fault began, on the clock's own scale; null when nothing was broken.
   * `justBefore`: null where that look was not had.
   */
  after(baseline: Json, brokenAtMs?: number | null, justBefore?: Json): Promise<CheckOutcome>;
}

/** How the ledger is told of an operation. Times are the clock's own (absolute monotonic ms). */
export interface Recorder {
  record(
    kind: Kind,
    outcome: Outcome,
    id: number,
    group: number,
    invokedMs: number,
    endedMs: number,
    low: number,
    high: number,
    flags: number,
  ): void;
}

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
  /**
   * Each id comes once by the nature of the store, or of reading it: that nothing is there twice is then no
   * finding.
   */
  distinct?: true;
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
  close(): Promise<void>;
}

/**
 * What users do: several requests that belong together. The client records its own operations (`answer`, and
 * `write`/`remove` for what must stay removed).
 */
export interface JourneyWorkload {
  kind: 'journeys';
  neverReturn: boolean;
  prepare(): Promise<void>;
  open(recorder: Recorder): Promise<JourneyClient>;
  readBack(emit: (id: number, value: string) => void): Promise<void>;
}
export interface JourneyClient {
  /** One journey; never rejects: what went wrong is in the record. */
  journey(number: number): Promise<void>;
  close(): Promise<void>;
}
export type Workload = DataWorkload | JourneyWorkload;

/**
 * What passing visitors do, by a load generator. Every answer is in the record (`answer`); nothing stays that
 * could be read back.
 */
export interface VisitWorkload {
  kind: 'visits';
  prepare(): Promise<void>;
  open(recorder: Recorder): Promise<JourneyClient>;
}
