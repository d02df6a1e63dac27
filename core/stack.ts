import type { ConnectionTry, Service } from './service.ts';

export interface ImageRecord {
  service: string;
  reference: string;
  digest: string;
  source: 'pulled' | 'built' | 'present';
}

/**
 * Connection attempts into a lost region, as the packet filter counted them. `from`: a service, or who else
 * has the address. Retransmissions count.
 */
export interface ConnectionAttempt {
  from: string;
  service: string;
  port: number;
  count: number;
  outcome: 'vanished' | 'refused' | 'accepted';
}

/**
 * What Muster itself did with a service or a store of a lost region, and how often it worked. `read`:
 * something of it was to be had, as by a command in it. `other`: a store took something, let it go or said
 * what it has, as when a backup that was cut off is cleared away. `power`: it was stopped, paused or
 * signalled through the engine, as fencing does out of band.
 */
export interface RegionAccess {
  of: string;
  what: string;
  kind: 'read' | 'other' | 'power';
  ok: number;
  failed: number;
  firstAtMs: number;
  error?: string;
}

/** What reached for a region while it was lost. */
export interface RegionReached {
  attempts: ConnectionAttempt[];
  accesses: RegionAccess[];
}

/**
 * Everything that is labelled with a region, gone at once. `blackhole`: every packet vanishes, what runs
 * inside goes on and is not restarted. `dead`: containers are killed for good, their named volumes are
 * emptied, and connections to their names are refused.
 */
export interface LostRegion {
  /**
   * Tries a connection to a service of the region by its name, from another container, as
   * Service.tryConnection does.
   */
  tryConnection(
    service: string,
    port: number,
    options?: { listen?: boolean; deadlineMs?: number },
  ): Promise<ConnectionTry>;
  /** True while all of it is lost, read back from the kernel and the engine. */
  inPlace(): Promise<boolean>;
  /**
   * Every attempt since the loss but those of `tryConnection`. Rejects where it is not known what came
   * through: never an empty list instead.
   */
  connectionAttempts(): Promise<ConnectionAttempt[]>;
  /**
   * The network is back; of a dead region the containers are started, on empty volumes. Safe to call twice.
   */
  giveBack(): Promise<void>;
}

/** What a service sent beyond its own networks, and was refused. Retransmissions count. */
export interface OutwardAttempt {
  /** By its name; by its address where nobody has that any more. */
  service: string;
  /** An address; of `dns` the name that it asked for. */
  to: string;
  protocol: string;
  port: number;
  packets: number;
}

/** A loss that is made ready. What `strike` had done when it failed is undone. */
export interface AimedLoss {
  strike(): Promise<LostRegion>;
}

/** The system under test, up and healthy. */
export interface Stack {
  readonly project: string;
  readonly services: ReadonlyMap<string, Service>;
  readonly images: readonly ImageRecord[];
  /**
   * What services got in the place of what they would have of the host; and what was allowed, with the
   * reason.
   */
  readonly contained: readonly string[];
  /**
   * Makes ready to take a region away, so that it is gone at once when the moment comes. Rejects where
   * nothing runs in it.
   */
  aimAtRegion(region: string, how: 'dead' | 'blackhole'): Promise<AimedLoss>;
  /**
   * What services sent beyond their own networks since the start, and was refused: the most frequent first.
   * Rejects where that is not known. Left out where the way out is open.
   */
  outwardAttempts?: (() => Promise<OutwardAttempt[]>) | undefined;
  /**
   * Compose files, in order, by which a script on this machine has Compose act on the drill's copy alone:
   * none of the user's, and gone after `down`. Environment error where they would let Compose start anything
   * else than what the drill started.
   */
  composeFiles(): Promise<string[]>;
  /** Variables that Compose is to have beside those files. */
  composeVariables?(): Promise<Record<string, string>>;
  /**
   * A folder that goes before PATH of a script on this machine, with a `docker` that refuses Compose on other
   * projects, files and engines than the drill's; gone after `down`. `otherwise`: an absolute folder that it
   * is below where no program can be started from the temporary one. Environment error where none can.
   */
  scriptTools?(otherwise: string): Promise<string>;
  /** The engine that it runs on, as DOCKER_HOST names it. Left out where there is none. */
  readonly engine?: string;
  /** Removes containers, helpers, volumes and networks. Safe to call twice. */
  down(): Promise<void>;
}

/** What a compose file declares, read without starting anything: what plan checks references against. */
export interface StackDescription {
  file: string;
  services: ReadonlyMap<
    string,
    {
      ports: number[];
      volumes: string[];
      /** Where each is in it, and which folder of it where not the whole; those of `volumes_from` as well. */
      mounts: { volume: string; path: string; folder: string }[];
      restart: string | null;
      /** Label `muster.region`. */
      region: string | null;
      profiles: string[];
      /** Services that it cannot do without. */
      needs: string[];
      /** Accounts that variables of its environment name, such as `MYSQL_USER`, by the variable. */
      accounts: Readonly<Record<string, string>>;
    }
  >;
  /** Named volumes declared as file systems of their own: full, they take nothing else down. */
  ownFileSystems: ReadonlySet<string>;
}

/** What the strategy says about what the services would have of the host. */
export interface HostRules {
  /** By service of a component: where servers of its kind keep their data in the container. */
  dataFolders: Readonly<Record<string, readonly string[]>>;
  /** By path or volume, as the compose file writes it. */
  mounts: Readonly<Record<string, 'copy' | 'empty' | 'refuse'>>;
  /** By service that may reach the host: why. */
  access: Readonly<Record<string, string>>;
  /** Whether what services send beyond their own networks goes out. Default: open. */
  egress?: 'closed' | 'open';
  /** Of a closed way out, by service: hosts that it may reach all the same, by name, each with why. */
  wayOut?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By service: variables that are something else in a drill, as the strategy says. */
  environment?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Services that make backups by a clock of their own, which Muster takes in. */
  followed?: readonly string[];
  /** By service: ports at which Muster reaches it, whether or not the compose file publishes them. */
  ways?: Readonly<Record<string, readonly number[]>>;
}

/** What a drill gives services in the place of what they would have of the host, a line each. */
export interface Containment {
  /** Each use of something of the host, and what a drill has in its place. */
  lines: string[];
  /** Volumes that the engine makes for the drill alone, a line each. */
  volumes: string[];
  /** Names that `mounts` may use. */
  names: string[];
  /** Those that it uses and that stand for nothing. */
  unknown: string[];
  /** What of the compose file is fixed or shared, and what a drill has in its place, a line each. */
  moved: string[];
  /** By service, as Compose reads it; none of those that are built. */
  images: Readonly<Record<string, string>>;
}

export interface StackUpOptions {
  file: string;
  /** Compose files that go over it, in order. Default: none. */
  overrides?: readonly string[];
  /** Default: no rules; every folder of the host that a service may write to is copied. */
  host?: HostRules;
  /** Compose profiles to start. Default: none. */
  profiles?: readonly string[];
  /** Services to start, with what they need. Default: all. */
  services?: readonly string[];
  drill: string;
  /**
   * Services that run from an image of the drill's own, made from theirs: it can be lost without anybody else
   * missing it.
   */
  ownSoftware?: readonly string[];
  /**
   * Settles when the stack of the drill before it is gone. One that takes something of the host which that
   * may still have, such as a fixed port, is not started before.
   */
  after?: Promise<unknown> | undefined;
  /**
   * Something of it is to be broken: what breaks and fences is made ready while services start. Default:
   * true. Otherwise it is when it is asked for.
   */
  breaks?: boolean;
  /** Values for `${NAME}` in the compose file: generated passwords, certificate folder. Never in argv. */
  environment: Record<string, string>;
  /** Further values that no error and no log line may show. */
  secrets?: readonly string[];
  progress(line: string): void;
  /** Called when what is being done is done by other processes, and this one only waits. */
  starting?: (() => void) | undefined;
  signal?: AbortSignal;
}

/** Brings stacks up. The engine is handed one; it does not know Docker. */
export interface StackProvider {
  /**
   * The compose files of a folder, by path: the first, and what goes over it. Input error where there is
   * none. Left out where a stack is never a folder.
   */
  filesOf?(folder: string): Promise<[string, ...string[]]>;
  /** Throws an input error naming the file when one cannot be read or parsed. `overrides` go over it. */
  describe(file: string, overrides?: readonly string[]): Promise<StackDescription>;
  /**
   * What the services would have of the host, and what they get instead. Starts nothing. Throws input errors
   * with the compose file's line for what could reach the host and is not allowed. Null where Compose cannot
   * say yet: it is not installed, or wants a secret. `services`: as in StackUpOptions.
   */
  contain(options: {
    file: string;
    overrides?: readonly string[];
    profiles: readonly string[];
    services?: readonly string[];
    host: HostRules;
  }): Promise<Containment | null>;
  up(options: StackUpOptions): Promise<Stack>;
}
