import type { GtidSet } from './gtid.ts';

export { emptyGtidSet, type GtidSet } from './gtid.ts';

/** Whoever runs a statement and gives its rows. */
export interface Asking {
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** `maker`: what makes an empty data folder. */
export type Program = 'server' | 'client' | 'admin' | 'dump' | 'log' | 'maker';

/** An identifier of one transaction. `source`: whose numbers are counted. */
export interface Gtid {
  source: string;
  number: number;
}

/** How its transactions are named, and what of them a server holds. */
export interface Gtids {
  /** Throws a TypeError for what is none. */
  set(text: string): GtidSet;
  /** Null when the text is something else. */
  parse(text: string): Gtid | null;
  /** Of one, in words: `a GTID, as uuid:number`. */
  shape: string;
  /** What a server has executed. Column `executed`. */
  executed: string;
  /** What a server holds that held `base` and was given these; `last`: the last of each source. */
  after(base: string, given: GtidSet, last: ReadonlyMap<string, string>): string;
  /** One says that all before it of the same source are there as well. */
  cumulative: boolean;
  /** A server that writes no log knows which it has executed. */
  tracked: boolean;
}

/** Tables that keep what no dump can bring back: `name` is a column of what `sql` gives. */
export interface Obstacle {
  sql: string;
  what: string;
  hint: string;
}

/**
 * A server that speaks as MySQL does, MySQL itself or a fork: what it is called, and where it says the same
 * things in other words. Everything else of the driver is the same for all of them.
 */
export interface Product {
  name: string;
  /** Whether a server with this `@@version` is one. */
  answers(version: string): boolean;
  oldest: readonly [major: number, minor: number];
  /** Names in the order in which they are looked for: older images have others. */
  programs: Readonly<Record<Program, readonly string[]>>;
  /** Secrets that the service itself may say the password of root by; the first is the usual one. */
  passwords: readonly string[];
  /** Variables by which it says the name and the password of an account beside root. */
  accountsSaid: readonly (readonly [user: string, password: string])[];
  /** Variables by which a service says that root needs no password. */
  needsNone: readonly string[];
  /** An entry of the data folder that its servers make: who owns it owns all. */
  dataEntry: string;
  /**
   * What tells a data folder from every other one: a statement, or where it has none the entry of that folder
   * whose inode and birth do.
   */
  identity: { sql: string } | { entry: string };
  /** A number that is above 0 where the server takes no writes. */
  shut: string;
  gtids: Gtids;
  /** Whether its binary log has GTIDs, and whether it has one. Columns `gtid` and `log`, each 0 or 1. */
  logging: string;
  /** Where its binary log stands. Columns `File` and `Position`. */
  logEnd: string;
  /** Of a dump: options beside those that all have; `log`: the server writes one. */
  dumpOptions(given: { gtid: boolean; log: boolean; lockWaitSeconds: number }): readonly string[];
  /** Of a dump of databases alone, beside those that all have. */
  databaseDumpOptions: readonly string[];
  /** Options of the dump that not every version has: taken where its help names them. */
  optionalDumpOptions: readonly string[];
  /** GTIDs of a snapshot whose head does not say them. Column `gtid`, given file and position. */
  gtidAt: string | null;
  /** Options by which the log is followed, with an id that no other follower has. */
  followOptions(serverId: number): readonly string[];
  /** Options by which its programs speak TLS alone, with a server whose certificate nobody vouches for. */
  tlsOptions: readonly string[];
  /** Keep definitions from changing and let them go; null: they are looked at before and after. */
  definitionsLock: { take: string; release: string } | null;
  /** Hidden files of the data folder that no dump holds and that a restored server needs. */
  carried: readonly string[];
  /**
   * In which entry of the data folder a folder may lie that is not the server's; null: in the data folder
   * itself, by a hidden name.
   */
  damagedIn: string | null;
  /** Its servers can be made replicas by this driver. */
  replicates: boolean;
  /** The server keeps settings in its data folder. */
  persists: boolean;
  scratch: Scratch;
  /** How past rows of a table are read, and what names their times; null where there are none. */
  history: { from: string; columns: readonly string[] } | null;
  /** Counters beside those of tables. Columns `s`, `n`. */
  sequences: string | null;
  /** Statements that the look at accounts begins with, and those at counters. */
  before: { accounts: readonly string[]; counters: readonly string[] };
  /** Accounts and roles. Columns `u`, `h`, `role`. */
  accounts: string;
  /** What is stored of an account, given user and host. */
  stored: string;
  /**
   * What is kept of the password that an account may come in by as well until it is discarded, given user and
   * host: `AS 0x…`, null where it has none. The server shows it nowhere else. Null where there is no such
   * thing.
   */
  secondPassword: string | null;
  /** By kind: a statement with a column `n`. */
  extensions: Readonly<Record<string, string>>;
  /** Parts of indexes over what is generated, given schemas that are left out. */
  derived: string;
  /** Locks that keep others from writing. Columns `what`, `by`, `held`, given schemas that are left out. */
  locks: readonly string[];
  /** Table locks are seen by nothing but an attempt to take one's own. */
  triesLocks: boolean;
  events: { runs: string; join: string; underWay: string };
  /** What a dump cannot bring back, given schemas that are left out. */
  obstacles: readonly Obstacle[];
  /** Tables are encrypted by a keyring component. */
  keyring: boolean;
  /** Settings of a session whose next statement is told of: its GTID, and its text in the log. */
  announce: { gtid: string | null; text: string };
  /** The session's last GTID. Column `gtid`; null where it comes with the answer. */
  lastGtid: string | null;
  /** Name of the setting that bounds recursion. */
  recursionBound: string;
  files: {
    /** Columns `path`, `id`, `bytes` of a table's file, given `schema/table`. */
    table: string;
    /** Columns `name`, `path` of the largest, given schemas that are left out. */
    largest: string;
    /** Column `path`; a name where there is one file only. */
    redo: { sql: string } | { name: string };
  };
  /** Deletes by the index `id`, whatever the server's figures say; a condition on `id` follows. */
  deleteById(table: string): string;
}

/** How a server of our own is made and started on the service's volume. */
export interface Scratch {
  /** Options by which its program makes an empty folder, beside those that all have. */
  make: readonly string[];
  /** Options of the server that loads. */
  options(gtid: boolean): readonly string[];
  /** It goes to the background by itself once it answers. */
  daemonizes: boolean;
  /** Before a dump comes in; null: nothing. */
  beforeLoad: string | null;
  /** After it, given the GTIDs that it holds. */
  afterLoad(gtid: string): string;
  /** Statements: its UUID or `-`, then a name and whether the redo log is `ON`, then what it has executed. */
  state: string;
  /** The option by which a log is read from after the base. */
  logFrom(given: { excluded: string; start: number | null }): string;
  /** A line of the log's text by which a transaction is counted. */
  transactionHead: string;
}
