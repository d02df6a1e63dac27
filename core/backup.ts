import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import type { DeclaredService } from './declared-service.ts';
import type { ExternalPayload } from './recovery-point.ts';
import type { CommandLine, Duration } from './strategy.ts';
import type { Json, Stage } from './timeline.ts';
import type { Stops, Until } from './until.ts';

type Payload = 'files' | 'external';

/** What a command of the user's own is run for by a backup method. */
export interface OwnUse {
  does: 'backs up' | 'restores' | 'shows';
  command: CommandLine & { oneOff: boolean };
}

/**
 * A backup that others make by a clock of their own, such as a sidecar with cron: nothing runs it, and its
 * interval is never compressed.
 */
export interface Followed {
  /** The service that makes it; null where it is no part of the stack. */
  service: string | null;
  /** How long what it leaves must stay as it is to be whole. */
  settles: Duration;
  /** The variable of the service that says its schedule, what it is in a drill, and how often that is. */
  schedule: { env: string; drill: string; every: Duration } | null;
}

/** What its recovery points are, by its options as they stand in the file. */
export const payloadOf = ({ payload }: BackupInfo, options: Record<string, unknown>): Payload =>
  (typeof payload === 'function' ? payload(options) : payload) ?? 'files';

export interface BackupRefusal {
  what: string;
  expected: string;
  hint: string;
}

export interface BackupInfo {
  about: string;
  /** `snapshot`: a recovery point each time. `continuous`: a log that is followed. */
  kind: 'snapshot' | 'continuous';
  /**
   * `software`: that alone and no data, which is nothing that an RPO is about. The service then runs from a
   * copy of the drill's own, so that it can be lost.
   */
  holds?: 'software';
  /**
   * `external`: it keeps what it takes by itself (`Consistency.kept`), and the stores hold a reference. Where
   * that depends on its options, as they stand in the file, they are asked for.
   */
  payload?: 'external' | ((options: Record<string, unknown>) => Payload);
  /** Stores that it looks into, beside its copies, by its options as they stand in the file. */
  stores?(options: Record<string, unknown>): string[];
  /** Who runs it, where that is not Muster, by its options as they stand in the file. */
  follows?(options: Record<string, unknown>): Followed | null;
  /**
   * Why a component so configured cannot be backed up by it, by what the compose file says of its service;
   * null where nothing there is against it. Left out where nothing can be.
   */
  refuses?(config: unknown, service: DeclaredService): BackupRefusal | null;
  /**
   * What a server of this kind holds and its recovery points do not, in words, by its options as they stand
   * in the file. Left out where they hold everything that can be backed up.
   */
  leavesOut?(options: Record<string, unknown>): string[];
  /** Commands of the user's own that it runs, by its options as they stand in the file. */
  commands?(options: Record<string, unknown>): OwnUse[];
  /** Its points do not say where a log stood: none can be replayed on them. */
  standsAlone?: true;
  options: ZodType<Record<string, unknown>>;
  /**
   * `snapshot`: where in the system's own terms a backup was taken (a GTID set, an offset), as its recovery
   * points say it.
   */
  position?: ZodType<Record<string, string>>;
  /** `continuous`: what a replay can be stopped at, beside the end of the log. */
  stops?: Stops;
}

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
  /**
   * In the place of files: the backup lies where only this method finds it again. `sha256`: of its content.
   * Its `restore` is handed the same, and refuses what is another by then.
   */
  kept?: ExternalPayload;
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
  /**
   * Ships what the source has written by now, and ends. Gives what of that is not in the log although the
   * source was there to give it; null where nothing is lacking, or the source is away.
   */
  stop(): Promise<string | null>;
}

export interface PlainFile {
  name: string;
  path: string;
  bytes: number;
}

/** A recovery point fetched, verified, decrypted: plain files in a scratch folder. */
export interface Artifact {
  point: string;
  method: string;
  position: Record<string, string>;
  tool: string;
  server: string;
  facts: Json;
  files: PlainFile[];
  /** In the place of files: what the method keeps by itself. */
  external?: ExternalPayload;
}

export interface BackupContext {
  /** Id of this run on the timeline. */
  of?: string;
  options: Record<string, unknown>;
  signal: AbortSignal;
  now(): number;
  /**
   * Told by a method whose content is written where no sink sees it, at its first byte. Resolves when what
   * was to happen then has happened.
   */
  firstByte?(): Promise<void>;
}

export interface RestoreContext {
  /** Id of the step on the timeline. */
  of?: string;
  options: Record<string, unknown>;
  /** A later step replays a log on top of this restore: a driver may keep clients out until then. */
  replayFollows?: boolean;
  /**
   * Given only where the very next step replays a log on top of this restore: a driver may leave open until
   * then what it restored with, out of the reach of clients. `close` is called when that step has ended,
   * whatever became of it, and where it never comes; nothing else is done before. When its signal is aborted
   * it gives up, and still leaves nothing behind.
   */
  leaveOpen?(close: (signal: AbortSignal) => Promise<void>): void;
  /**
   * Given where another run made the backup: whether that password was made for this run alone, so that the
   * account has another one in the backup, which nobody knows any more.
   */
  isOfThisRun?(password: string): boolean;
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
  backup?(to: Sink, context: BackupContext): Promise<Consistency>;
  /**
   * Of one that is followed: resolves at the first sign of the next one, with when it was last looked for and
   * no sign of it there. `backup` then waits until that is whole. Rejects where none came within the time.
   */
  awaitNext?(context: BackupContext & { withinMs: number }): Promise<{ lastWithoutMs: number }>;
  /**
   * Asked for each step of the recovery that will use this method, while nothing is broken: rejects with what
   * stands in its way on this server, and with what to change.
   */
  assertUsable?(step: 'restore' | 'replay', options?: Record<string, unknown>): Promise<void>;
  /**
   * Asked before the loads begin and anything is broken, after `assertUsable`: makes ready what a restore can
   * begin with and later drills too. What stands in its way is told by a note, and ends nothing.
   */
  prepare?(): Promise<void>;
  /** `base`: facts of the newest snapshot of the component, if the scenario takes one: where to start. */
  follow?(
    to: LogSink,
    context: { options: Record<string, unknown>; signal: AbortSignal; base: Consistency | null },
  ): Promise<Follower>;
  /** Puts the artifact's data in the place of whatever is there and leaves the service running. */
  restore?(from: Artifact, context: RestoreContext): Promise<Json>;
  /** Replays a followed log on top of a restored base, up to its end or to one of the declared stops. */
  replay?(from: Artifact, until: Until, base: Artifact, context: RestoreContext): Promise<Json>;
}
