import type { ZodType } from 'zod';
import type { BackupInfo, BackupMethod } from './backup.ts';
import type { BegunWith } from './begun-with.ts';
import type { Clock } from './clock.ts';
import type { DataFolder, SystemFault } from './fault.ts';
import type { Endpoint, Service } from './service.ts';
import type { Json } from './timeline.ts';
import type { Verdict } from './verdict.ts';
import type { VisitWorkload, Workload } from './workload.ts';

export interface Attached {
  /** Product and version as the server says it: `Redis 8.0.2`. */
  server: string;
  service: Service;
  /** The folder in the container in which the server keeps its data, by its own account. */
  data?: DataFolder;
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
  /** Tells at once what a restore took that no real site would have ready. */
  beganWith(what: BegunWith): void;
}

/**
 * A technology. What it offers is stated ahead of any container, so that plan can refuse what cannot work.
 */
export interface Driver<Config = never, System extends Attached = Attached> {
  about: string;
  config: ZodType<Config>;
  /** The service's own port for clients. */
  port: number;
  /**
   * By name: what only a server of this kind can suffer, or suffers in a way of its own. What any container
   * and any folder of data can suffer needs no word.
   */
  // biome-ignore lint/suspicious/noExplicitAny: parameters differ; plan parses them before inject sees them
  faults: Record<string, SystemFault<System, any>>;
  /**
   * By name: why it cannot suffer what any container, or folder of data, can, in words of which the driver is
   * the subject.
   */
  declines?: Record<string, string>;
  /** There is no container: it lives in this process. */
  inProcess?: true;
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
  /** Loads what `attach` needs, ahead of it: it keeps a processor busy, and nothing waits for it then. */
  load?(): Promise<unknown>;
  attach(context: AttachContext<Config>): Promise<System>;
}
// A registry holds drivers of different configurations; each parses its own before it is attached.
// biome-ignore lint: the one place where the configuration's type is given up
export type AnyDriver = Omit<Driver<any, any>, 'attach'> & {
  // biome-ignore lint: as above
  attach(context: AttachContext<any>): Promise<Attached>;
};

export const defineDriver = <Config, System extends Attached>(
  driver: Driver<Config, System>,
): Driver<Config, System> => driver;

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
