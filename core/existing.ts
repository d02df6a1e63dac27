import type { Readable } from 'node:stream';
import type { RestoreContext } from './backup.ts';
import type { CheckOutcome } from './check-outcome.ts';
import type { ExistingPlan, Decrypt, ObjectKind } from './existing-plan.ts';
import type { DeclaredKnownBad } from './known-bad.ts';
import type { Json } from './timeline.ts';

/** A file or an object that may be a backup. `modified`: what its store says, which judges nothing. */
export interface Candidate {
  /** Path or URI, as people know it. */
  name: string;
  bytes: number;
  modified: string | null;
  open(): Promise<Readable>;
}

/** What was found where backups are said to be, the one to try first at the beginning. */
export interface Candidates {
  found: Candidate[];
  /** In words, by what they are in order. */
  order: string;
  passedOver: { name: string; bytes: number; why: string }[];
}

/** A candidate under way to a server: what it was packed in is taken off while it is read. */
export interface OpenedBackup {
  /** From the outside in: `age`, `gzip`. */
  layers: readonly string[];
  /** The first bytes of what is within, at most 64 KiB. */
  head: Buffer;
  /** All of it, once. It breaks with what is wrong: cut off, damaged, not to be opened with this key. */
  content: Readable;
  /** Of the file as it lies there; asked once the content was read to its end. */
  read(): { bytes: number; sha256: string };
  close(): void;
}

/** How backups that exist already are found and opened. Given from outside: the engine knows no format. */
export interface ExistingReader {
  /** `from`: absolute path, pattern or `s3://…`. Environment error where the place cannot be read. */
  list(from: string): Promise<Candidates>;
  open(candidate: Candidate, decrypt: Decryption | null, signal: AbortSignal): Promise<OpenedBackup>;
}

/** How it is opened, with the key itself. */
export interface Decryption {
  how: Decrypt;
  key: string;
}

/**
 * What a backup is by its first bytes. `ours`: this driver can restore it. `other`: it is none of this
 * component's, and whoever looks for one passes it over. `broken`: it should be one, and is not.
 */
export type Recognised =
  | { is: 'ours'; format: string; said: Said }
  | { is: 'other'; why: string }
  | { is: 'broken'; why: string };

/** What was loaded turns out to be of something else: passed over, as by its first bytes. */
export class OtherBackup extends Error {}

/** What a backup says of itself. `madeAt`: when it was made, as UTC or in its own words. */
export interface Said {
  tool: string | null;
  server: string | null;
  database: string | null;
  madeAt: string | null;
}

/** What came of a restore; `said` may be more than its first bytes said. */
export interface RestoredExisting {
  said: Said;
  /** Its own end was seen: false where its tool writes none, so that a part of it looks like all of it. */
  whole: boolean;
  facts: Json;
}

/** Of the data and of each definition, small enough to keep, and the same wherever it is taken. */
export interface Fingerprint {
  /** By table: rows and a digest of them. */
  data: Record<string, { rows: number; digest: string }>;
  /** What is there and in no digest, in words: that it differs would not show. */
  unread?: string[];
  /** How much goes by itself in time, and is in no digest for that. */
  expiring?: number;
  /** By kind and name: SHA-256 of the definition. */
  definitions: Record<string, string>;
}

/** What a driver does with backups that it did not make, on a server of the drill's own. */
export interface ExistingRestorer {
  recognise(head: Buffer, declared: ExistingPlan): Recognised;
  /**
   * Takes away what the image or its scripts made, so that nothing but the backup is there afterwards.
   * `databases`: those that there were come again, with nothing in them.
   */
  empty(declared: Pick<ExistingPlan, 'database'>, again?: 'databases'): Promise<Json>;
  /** Rejects with what is wrong, in words, where the content is not all of a backup. */
  restore(
    content: Readable,
    recognised: Recognised & { is: 'ours' },
    context: Pick<RestoreContext, 'signal' | 'progress' | 'isOfThisRun'> & { declared: ExistingPlan },
  ): Promise<RestoredExisting>;
  /** Whether what came back can be used at all: what no declaration is needed for. */
  usable(): Promise<CheckOutcome>;
  /** One value as text; null where there is none. Rejects with the server's words. */
  value(query: string): Promise<string | null>;
  newestIn(table: string, column: string): string;
  /** Null where there is nothing of that name. */
  count(of: string): Promise<number | null>;
  objects(kind: ObjectKind): Promise<string[]>;
  /**
   * Accounts that were there before it was loaded, and that it did not bring: of the image and its scripts.
   * Named as `objects` names them.
   */
  accountsBefore(): readonly string[];
  fingerprint(): Promise<Fingerprint>;
}

/** A server of somebody's own, of which a fingerprint is taken: it is read, and never written. */
export interface SourceServer {
  host: string;
  port: number;
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
}

/** What a driver declares of it, ahead of any container. */
export interface ExistingEntry<Opened> {
  about: string;
  /** That a restored one can be found to be of no use. */
  knownBad: DeclaredKnownBad;
  /** What its servers hold beside rows. */
  holds: readonly ObjectKind[];
  of(system: Opened): ExistingRestorer | Promise<ExistingRestorer>;
  /** Takes it of a server that is no part of a drill, with nothing but its address. */
  fingerprint(source: SourceServer): Promise<{ server: string; fingerprint: Fingerprint }>;
}
