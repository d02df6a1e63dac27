import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Artifact, Consistency, LogSink, Sink } from './backup.ts';
import type { OwnerKnown } from './owner.ts';
import type { Provenance, RecoveryPoint } from './recovery-point.ts';
import type { Service } from './service.ts';
import type { Keep } from './strategy.ts';
import type { Stage } from './timeline.ts';

/** Where recovery points live. Keys are paths with `/`. */
export interface Store {
  /**
   * Nothing is visible under the key before all of the body has arrived; a body that fails leaves nothing.
   */
  write(
    key: string,
    body: Readable | Uint8Array,
    options?: { signal?: AbortSignal },
  ): Promise<{ bytes: number }>;
  /** Rejects with a MusterError when there is no such key. */
  read(key: string): Promise<Readable>;
  /** Keys that begin with the prefix, sorted. `state`: another once it was written anew; if that is known. */
  list(prefix: string): Promise<{ key: string; bytes: number; state?: string }[]>;
  /** No error when there is no such key. */
  remove(key: string): Promise<void>;
  /**
   * True where what is removed stays as an older version, until the store's own rules expire it. Left out:
   * nothing stays.
   */
  keepsVersions?(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoreContext<Config> {
  name: string;
  config: Config;
  service(name: string): Service;
  secret(name: string): string;
  /** A folder of the drill's own, for stores that live on this machine. */
  folder: string;
  /** Nothing of the drill is written, and no place of the user's is made. */
  readOnly?: boolean;
  /** Left out: what others left unfinished stays. */
  owner?: OwnerKnown;
}

export interface StoreKind<Config = never> {
  about: string;
  config: z.ZodType<Config>;
  /** The configuration with its paths as they are from that folder, which is the strategy's. */
  within?(config: Config, folder: string): Config;
  /**
   * Where it lies, from the outermost in: two stores of which one's is the beginning of the other's are one
   * place. Null: a place of the drill's own, which no other has.
   */
  place?(config: Config): readonly string[] | null;
  /** The folder that it should lie in and that is not there; null where there is one, or none is needed. */
  missing?(config: Config): string | null;
  /** Loads what `open` needs, ahead of it. */
  load?(): Promise<unknown>;
  open(context: StoreContext<Config>): Promise<Store>;
}
// biome-ignore lint: a registry holds kinds of different configurations
export type AnyStoreKind = StoreKind<any>;
export const defineStore = <Config>(kind: StoreKind<Config>): StoreKind<Config> => kind;

export interface PointSpec {
  component: string;
  backup: string;
  method: string;
  copies: string[];
  encrypt: boolean;
}

/** A recovery point being written. Nothing of it is a recovery point before `commit` has resolved. */
export interface PointWriter extends Sink {
  readonly id: string;
  commit(consistency: Consistency): Promise<RecoveryPoint>;
  /** Removes what was written. Safe after a failure of any other call. */
  abort(): Promise<void>;
}

export interface LogWriter extends LogSink {
  close(): Promise<void>;
}

export interface FetchContext {
  /** Scratch folder for the plain files; the caller removes it. */
  folder: string;
  signal: AbortSignal;
  stage<T>(stage: Stage, what: string, work: () => Promise<T>): Promise<T>;
  progress(done: number, total: number | null, unit: 'bytes' | 'events'): void;
}

/**
 * What a prune did. `removed` are points that it took away, `completed` those that an earlier one had left
 * half removed.
 */
export interface Pruned {
  removed: string[];
  completed: string[];
  /** Beyond what is kept, and not removed: the newest point that can still be restored. */
  spared: string | null;
  kept: number;
  /** Objects removed, and their bytes, over all copies. */
  objects: number;
  bytes: number;
  /** Stores in which older versions of what was removed stay. */
  versionsStayIn: string[];
}

/** The recovery points of a strategy over its stores, with compression and encryption on the way. */
export interface Repository {
  begin(spec: PointSpec): Promise<PointWriter>;
  /**
   * Complete recovery points of a backup in one store, newest first: those of this drill, or those that
   * others left there (this one's by default). One that does not parse is an error, not an omission.
   */
  points(component: string, backup: string, store: string, whose?: Provenance): Promise<RecoveryPoint[]>;
  /** Whether this drill wrote what lies under that key: nothing else is its to damage. */
  wrote(key: string): boolean;
  /** Whether a repository keeps something under such a key, be it of this drill or of another one. */
  isOwn(key: string): boolean;
  /**
   * Fetches, verifies (sizes and SHA-256 before and after decryption) and unpacks. A tampered or truncated
   * copy is refused with the reason.
   */
  fetch(point: RecoveryPoint, store: string, context: FetchContext): Promise<Artifact>;
  /**
   * Removes this drill's recovery points beyond what is to be kept, from every copy; never the newest one
   * that is whole. What makes them visible goes first and everywhere, then `between` is waited for, then the
   * rest: whatever interrupts it leaves no half that looks like a recovery point, and the next prune
   * completes it. Rejects, with nothing removed, when a copy cannot be read.
   */
  prune(spec: PointSpec, keep: Keep, between: (points: readonly string[]) => Promise<void>): Promise<Pruned>;
  followLog(
    spec: PointSpec,
    durable: (segment: {
      segment: number;
      file: string;
      offset: number;
      bytes: number;
      readAtMs: number;
    }) => void,
  ): Promise<LogWriter>;
  /** The log that a drill wrote; this one by default. */
  fetchLog(
    component: string,
    backup: string,
    store: string,
    context: FetchContext,
    drill?: string,
  ): Promise<Artifact>;
  close(): Promise<void>;
}
