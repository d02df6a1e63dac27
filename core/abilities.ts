import type { Json } from './timeline.ts';

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
