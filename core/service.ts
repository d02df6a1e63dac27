import type { Readable, Writable } from 'node:stream';

export interface Endpoint {
  host: string;
  port: number;
}

export interface ExecOptions {
  env?: Record<string, string>;
  user?: string;
  stdin?: string | Uint8Array | Readable;
  deadlineMs?: number;
  signal?: AbortSignal;
}

/**
 * Text is UTF-8. A non-zero code is a result, not an error; a command that cannot be started at all rejects.
 */
export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * A running command. `done` settles when it ended and its output was delivered; read `stdout` or it blocks.
 */
export interface Running {
  stdin: Writable;
  stdout: Readable;
  done: Promise<{ code: number; stderr: string }>;
  kill(): Promise<void>;
}

export interface ServiceState {
  status: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead' | 'missing';
  /** PID in the engine host's namespace; null when not running. */
  pid: number | null;
  startedAt: string;
  exitCode: number | null;
  oomKilled: boolean;
  restarts: number;
  health: 'healthy' | 'unhealthy' | 'starting' | null;
}

/**
 * What became of a TCP connection attempt. `silent`: no answer at all, as when packets vanish. `ended` (null
 * without a connection, or where nobody listened): how the other side had ended it when it was given up;
 * `open` when it had not.
 */
export interface ConnectionTry {
  connected: 'accepted' | 'refused' | 'silent' | 'unreachable';
  ended: 'closed' | 'reset' | 'open' | null;
}

/** What a container had of the processors since it was started, as the kernel counts it. */
export interface ProcessorTime {
  /** Counted since then; null when it does not run. */
  startedAt: string | null;
  /** How many processors it may use at once, by what the engine was told; null where as many as there are. */
  share: number | null;
  /** A share is granted anew in each period of that length. */
  periodMs: number;
  usedMs: number;
  /** Periods in which it had used up its share and was held back until the next one. */
  throttledPeriods: number;
  /** For how long, of all its threads together. */
  throttledMs: number;
}

/** What the kernel's OOM killer does in the container's own control group, since it is watched. */
export interface OomWatch {
  /** In words, who tells of a kill; null where nobody does. */
  seen(): string | null;
  /** False where nobody would tell. */
  canTell(): boolean;
  end(): void;
}

/** Something commands can be run in. */
export interface Shell {
  exec(argv: string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: string[], options?: Omit<ExecOptions, 'stdin' | 'deadlineMs'>): Promise<Running>;
}

/**
 * A container of Muster's own beside the service (label `muster.role=helper`), gone with `remove` or with the
 * stack.
 */
export interface Helper extends Shell {
  /** What it was asked to begin `from`; null where nothing of that key is kept. */
  readonly kept: PreparedFolder | null;
  /**
   * Why what is kept could not be had, and the helper is without it; null where that did not happen. What no
   * helper can be started from is discarded.
   */
  readonly missed: string | null;
  remove(): Promise<void>;
}

/**
 * A folder that was made once for an image and outlives the drill: at `path` in every later helper that
 * begins with it. Nobody vouches for what is in it by now.
 */
export interface PreparedFolder {
  path: string;
  /** What its maker noted of it. */
  facts: Readonly<Record<string, string>>;
  /**
   * Has it found no more, so that `prepareFolder` makes another: it is not what was made. What it takes goes
   * with the last helper that has it. False where another has taken its place by now.
   */
  discard(): Promise<boolean>;
}

/**
 * How to make a folder that is kept. `key`: whatever decides what is in it, but the image. All of it belongs
 * to `owner` (`uid:gid`, as numbers). `fill` is given a helper without network and volumes, and the empty
 * folder in it; what it gives is noted beside the folder.
 */
export interface FolderRecipe {
  key: string;
  owner: string;
  fill(helper: Shell, path: string): Promise<Record<string, string>>;
}

export interface HelperOptions {
  /** `stack`: on the stack's default network, service names resolve. `none`: no network at all. */
  network: 'stack' | 'none';
  /** Mount the service's own volumes at the service's own paths. Default false. */
  volumes?: boolean;
  /** Default: root. */
  user?: string;
  /**
   * `service`: with the service's own environment, user, working folder, all that it has mounted, and no more
   * rights than it has.
   * Default: with nothing of that.
   */
  like?: 'service';
  /** Key of a folder that `prepareFolder` made: the helper has it, where it is still there and can be had. */
  from?: string;
}

/**
 * One service of the stack under test: one container of the drill's own Compose project. Every call that
 * changes something first checks that the container carries the drill's label, and throws otherwise.
 */
export interface Service extends Shell {
  readonly name: string;
  /** Image reference and digest as recorded by the engine. */
  readonly image: { reference: string; digest: string };
  /** The region that the container is labelled with (`muster.region`); null where it is not. */
  readonly region: string | null;
  /** The container's environment, secrets included: never to be printed or recorded. */
  readonly env: Readonly<Record<string, string>>;
  /** Its program with its arguments, secrets included: never to be printed or recorded. */
  readonly argv: readonly string[];
  /**
   * Volumes of the container and where each is mounted. `anonymous`: of the image, not of the compose file.
   */
  readonly mounts: readonly { volume: string; path: string; anonymous: boolean }[];
  /**
   * Rejects with an environment error unless the path in the container is the drill's own: its layer, a
   * tmpfs, or a volume with the drill's label. Whoever destroys or replaces anything asks this first, about
   * the very thing that is acted on.
   */
  assertOwnPath(path: string): Promise<void>;
  /** Ports of the container that are published on this machine, ascending. */
  readonly ports: readonly number[];
  /** Those, and what its image or its compose file says that it listens at (`expose`). */
  readonly exposed: readonly number[];
  /**
   * Loopback address on this machine of a port of the container, looked up anew at each call: it changes when
   * the container restarts.
   */
  endpoint(containerPort: number): Promise<Endpoint>;
  /**
   * Tries a connection from another container on the service's network, past whatever the engine publishes
   * ports with, which accepts connections by itself and ends them in its own way. Sends `say` and listens
   * until the deadline (default 1000 ms); with `listen: false` an accepted connection is enough.
   */
  tryConnection(
    containerPort: number,
    options?: { say?: string; listen?: boolean; deadlineMs?: number },
  ): Promise<ConnectionTry>;
  /**
   * Replaces a file of the container's own layer, running or not. Environment error for a path that is
   * mounted from elsewhere.
   */
  putFile(path: string, content: string | Uint8Array, options?: { mode?: number }): Promise<void>;
  state(): Promise<ServiceState>;
  /**
   * Sends a signal to the container's first process from the host's PID namespace, so that restart policies
   * act (docker kill would not).
   */
  signalFromHost(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /**
   * Sends a signal from there to every process that runs in the container now, but not to an init process
   * that the engine put before it. Gives their PIDs.
   */
  signalEach(signal: 'SIGSTOP' | 'SIGCONT'): Promise<number[]>;
  /**
   * Processes of the container as the engine's host lists them, with its PIDs; none when it does not run.
   * `stopped`: by a signal, state T.
   */
  processes(): Promise<{ pid: number; stopped: boolean }[]>;
  stop(graceSeconds?: number): Promise<void>;
  start(): Promise<void>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /**
   * Packets to or from the container's network namespace are dropped from now on; `lift` lets them through
   * again. The container's own loopback stays. A container that restarts gets another namespace, without the
   * rules: `inPlace` says so.
   */
  partition(direction: 'in' | 'out' | 'both'): Promise<{
    lift(): Promise<void>;
    /** True while the rules are in place, read back from the kernel. */
    inPlace(): Promise<boolean>;
  }>;
  /**
   * Sets the container's memory limit, swap included; null puts back the one that it was made with. Rejects
   * when the kernel cannot get below what is in use.
   */
  limitMemory(bytes: number | null): Promise<void>;
  /** From now on until its `end`, whatever becomes of the process. A kill elsewhere is not among it. */
  watchOomKills(): Promise<OomWatch>;
  /**
   * Sets how many processors the container may use at once, such as 0.05; null puts back what it was made
   * with. It stays, whatever becomes of the process.
   */
  limitProcessor(cpus: number | null): Promise<void>;
  /** Read from the kernel, with nothing run in the container. */
  processorTime(): Promise<ProcessorTime>;
  /**
   * True: nothing but a start by name brings the container up again, whatever becomes of its process. False:
   * as the compose file has it.
   */
  holdDown(held: boolean): Promise<void>;
  /**
   * Waits for `running` and, where a health check is declared, `healthy`. Rejects at the deadline with the
   * last logs.
   */
  waitHealthy(deadlineMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * A helper container of the service's own image, with a command that only waits. Usable while the service
   * is stopped.
   */
  helper(options: HelperOptions): Promise<Helper>;
  /**
   * Has the folder of that recipe kept for later helpers of services with this very image, of this drill and
   * of others. Half of one is never found. False where nothing may be kept.
   */
  prepareFolder(recipe: FolderRecipe): Promise<boolean>;
  logs(lines: number): Promise<string>;
  readonly deployment: Deployment;
  /**
   * What others on its networks find it by now, in lower case: its name, further names (aliases; the name
   * that its container has by the compose file), and its addresses while it runs.
   */
  knownAs(): Promise<readonly string[]>;
}

export interface DeployedImage {
  /** The engine's own ID: a digest of what is in it. */
  id: string;
  /** The name that it was asked for by. */
  name: string;
}

/**
 * What of a service comes from outside its container: the image that it runs from, and its being there at
 * all.
 */
export interface Deployment {
  image(): Promise<DeployedImage>;
  /** The image with its name, as an archive that `load` takes. */
  save(): Promise<Readable>;
  /** Whether the engine has an image of that ID or name. */
  has(image: string): Promise<boolean>;
  /**
   * Has the engine take in an archive of exactly this image, read twice. Rejects before anything is loaded
   * where the archive holds more, or other names; and after it where no image with the ID is there.
   * `thereBefore`: then loading it changed nothing.
   */
  load(image: DeployedImage & { open(): Readable }): Promise<{ thereBefore: boolean }>;
  /** Removes the container, and its image where that is the drill's own: one that others use stays. */
  remove(): Promise<{ imageToo: boolean }>;
  /**
   * Puts a new container in the place of the service's, from the given image and otherwise as the compose
   * file declares it, started; the service stands for it from then on. Rejects when it does not run from the
   * image with that ID.
   */
  deploy(image: DeployedImage): Promise<{ container: string }>;
}
