import type { ActiveFault } from '../../core/active-fault.ts';
import type { BegunWith } from '../../core/begun-with.ts';
import type { Clock } from '../../core/clock.ts';
import type { Endpoint, Helper, Service } from '../../core/service.ts';
import type { KnownAccount } from '../sql/known-accounts.ts';
import type { MysqlConfig } from './config.ts';
import type { Product, Program } from './product.ts';
import type { Torn } from './torn.ts';

/**
 * A restore under way. The service itself is stopped meanwhile: a crash of MySQL then is one of the server
 * that the data is loaded into.
 */
export interface Restoring {
  crash(): Promise<ActiveFault>;
  /** Waits, not for long, until a crash has been seen: the helper must not be gone before. */
  settled(): Promise<void>;
}

/** The server under test and how to speak with it. */
export interface MysqlSite {
  product: Product;
  /** What its programs are called in its image. */
  programs: Readonly<Record<Program, string>>;
  /** Options of the dump that this version has, of those that not every one does. */
  dumpOptions: readonly string[];
  component: string;
  service: Service;
  config: MysqlConfig;
  clock: Clock;
  seed: number;
  password: string;
  /** Passwords of accounts, as far as Muster knows them. */
  known: readonly KnownAccount[];
  /** Its server takes no connection of this account without. */
  tls: boolean;
  /** The account itself is one that is let in by TLS alone, by any server that has it. */
  tlsAccount?: boolean | undefined;
  clients(): Promise<Endpoint>;
  note(text: string): void;
  /** A folder of the drill's own, for plain files. */
  scratch(): string;
  beganWith(what: BegunWith): void;
  /** Where the server said, at attach, that its data lies, with no link on the way. No trailing slash. */
  dataFolder: string;
  /** Who owns its files: `uid:gid`, as numbers. */
  owner: string;
  /** `MySQL 9.7.4` */
  server: string;
  /** Another service of the stack. */
  peer(name: string): Service;
  replicaState: ReplicaState;
  /** Of the recovery point that was restored last; one object for every view of this site. */
  readonly restored: { torn: Torn };
  /** Tables that no snapshot covers and that a note has named. */
  noted?: Set<string> | undefined;
  /** A dump was begun: the log that it names is needed from then on. */
  baseBegun?: boolean | undefined;
  /** The last restored point, and when the service had been started last by then. */
  loaded?: { point: string; startedAt: string } | undefined;
  /** Where that point's server still runs beside the stopped service: a log is to be replayed next. */
  open?: Helper | undefined;
  /** Set while a restore loads its data beside the stopped service. */
  restoring?: Restoring | undefined;
}

/** What this server is there for, as far as the drill told it: what `ready` means depends on it. */
export interface ReplicaState {
  role: 'primary' | 'replica' | 'fenced';
  /** Service that it was last made a replica of. */
  source: string | null;
  /** What a server said of its semi-synchronous replication when it ceased to be a source. */
  semiSyncAtEnd: SemiSync | null;
}

/**
 * `status`: commits wait for a replica. `unacknowledged`: commits that did not, since the server started at
 * `startedAt` (epoch seconds).
 */
export interface SemiSync {
  status: boolean;
  unacknowledged: number;
  acknowledged: number;
  replicas: number;
  startedAt: number;
}
