import type { RunningStep } from '../core/steps/running.ts';
import type { Attached } from '../core/driver.ts';
import type { ActiveFault } from '../core/active-fault.ts';
import type { DataWorkload, VisitWorkload } from '../core/workload.ts';
import type { StoreTarget } from '../core/fault.ts';
import type { ExistingReader } from '../core/existing.ts';
import type { Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Registries } from '../core/registries.ts';
import type { Stack, StackProvider } from '../core/stack.ts';
import type { OwnerKnown } from '../core/owner.ts';
import type { Store, Repository } from '../core/store.ts';
import type { Stage } from '../core/timeline.ts';
import type { LedgerWriter } from './ledger-file.ts';
import type { OwnSecrets } from './own-secrets.ts';
import type { Moments } from './moments.ts';
import type { Plan } from '../core/planned.ts';
import type { ClientWatch } from './client-watch.ts';
import type { RegionLoss } from './region-loss.ts';
import type { TimelineWriter } from './timeline-writer.ts';
import type { UndoStack } from './undo.ts';

/** Makes the repository of a drill over its opened stores. Given from outside: the engine knows no format. */
export type RepositoryFactory = (options: {
  stores: Map<string, Store>;
  key(): Buffer;
  clock: Clock;
  originMs: number;
  drill: string;
}) => Repository;

export interface EngineDependencies {
  registries: Registries;
  provider: StackProvider;
  makeRepository: RepositoryFactory;
  /** How backups that other tools made are found and opened. */
  existing: ExistingReader;
  clock: Clock;
  /** Generated for this run: passwords, certificates. Never recorded. */
  environment: Record<string, string>;
  /** What the project's own `.env` says, as Compose resolves it. Never recorded. Default: nothing. */
  projectEnvironment?: Readonly<Record<string, string>>;
  /** Where bundles go: `.muster`. */
  home: string;
  /** Default: a process whose death nobody can tell. */
  owner?: OwnerKnown;
  version: string;
  host: Record<string, string>;
  progress(progress: Progress): void;
}

export interface RunOptions {
  seed: number;
  /** Leave the stack and the stores for a look afterwards. */
  keepStack: boolean;
  signal: AbortSignal;
  /**
   * Settles when the drill before it is judged, and its stack gone: until then this one makes its own stack
   * and seeds it, and measures nothing.
   */
  after?: Promise<unknown> | undefined;
}

/** What is recorded of a drill. */
export interface Recorded {
  readonly timeline: TimelineWriter;
  readonly ledger: LedgerWriter;
  readonly originMs: number;
}

/** What is there: the stack, and what was opened on it. */
export interface Sandbox {
  stack: Stack | null;
  repository: Repository | null;
  readonly stores: Map<string, StoreTarget>;
  readonly attached: Map<string, Attached>;
  /** Regions that were lost, by name. */
  readonly regions: Map<string, RegionLoss>;
  /** What was done to components so far, in order, but for what was so beforehand. */
  readonly inflicted: { id: string; fault: string; target: string; done: ActiveFault }[];
  /** Writes of each load that were acknowledged so far. */
  readonly acknowledged: Map<string, number>;
}

/** What moves it on, and what ends it. */
export interface Control {
  readonly clock: Clock;
  /** Aborted with the reason when it is to end. */
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  readonly undo: UndoStack;
  readonly clientWatch: ClientWatch;
  readonly moments: Moments;
  readonly seed: number;
  readonly keepStack: boolean;
  readonly after: Promise<unknown> | undefined;
}

/** What it was handed, and never changes. */
export interface Given {
  readonly id: string;
  readonly folder: string;
  readonly plan: Plan;
  readonly registries: Registries;
  readonly provider: StackProvider;
  readonly makeRepository: RepositoryFactory;
  readonly existing: ExistingReader;
  readonly owner: OwnerKnown | null;
  readonly environment: Record<string, string>;
  readonly projectEnvironment: Readonly<Record<string, string>>;
  /** What each service says of itself, by the names that it uses for it. */
  readonly ownSecrets: Map<string, OwnSecrets>;
  /** Values of secrets that were looked up: what must never be shown. */
  readonly secrets: Set<string>;
}

/** One drill under way. What needs a part of it takes that part. */
export interface Drill extends Recorded, Sandbox, Control, Given {}

export function attachedTo(drill: Pick<Sandbox, 'attached'>, component: string): Attached {
  const attached = drill.attached.get(component);
  if (!attached) throw new Error(`component ${component} is not attached`);
  return attached;
}

/** What a load drives: its target's own workload, or a load generator. */
export function workloadOf(
  drill: Pick<Sandbox, 'attached'>,
  { target, by }: { target: string; by?: string | undefined },
): DataWorkload | VisitWorkload {
  const { workload, generators = {} } = attachedTo(drill, target);
  const driven = by === undefined ? workload : generators[by];
  if (!driven) throw new Error(`component ${target} has nothing to load it with`);
  return driven;
}

export function storeOf(drill: Pick<Sandbox, 'stores'>, name: string): StoreTarget {
  const store = drill.stores.get(name);
  if (!store) throw new Error(`store ${name} is not open`);
  return store;
}

/** Marks stretches of a recovery step on the timeline. */
export const stageOf =
  ({ timeline }: Pick<Recorded, 'timeline'>, { id: of, step }: RunningStep) =>
  async <T>(stage: Stage, what: string, work: () => Promise<T>): Promise<T> => {
    const begun = { id: timeline.newId('stage'), of, step, stage, what };
    timeline.emit('stage.begun', begun);
    try {
      const result = await work();
      timeline.emit('stage.ended', { ...begun, ok: true });
      return result;
    } catch (error) {
      timeline.emit('stage.ended', { ...begun, ok: false });
      throw error;
    }
  };
