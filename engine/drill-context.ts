import type { Attached } from '../core/driver.ts';
import type { ActiveFault } from '../core/active-fault.ts';
import type { VisitWorkload, Workload } from '../core/workload.ts';
import type { StoreTarget } from '../core/fault.ts';
import type { Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Registries } from '../core/registries.ts';
import type { Stack, StackProvider } from '../core/stack.ts';
import type { Store, Repository } from '../core/store.ts';
import type { Stage } from '../core/timeline.ts';
import type { LedgerWriter } from './ledger-file.ts';
import type { Moments } from './moments.ts';
import type { Plan } from './plan.ts';
import type { Pulse } from './pulse.ts';
import type { Loss } from './regions.ts';
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
  clock: Clock;
  /**
   * Generated for this run: passwords, certificates. Looked up before the process environment, never
   * recorded.
   */
  environment: Record<string, string>;
  /** Where bundles go: `.muster`. */
  home: string;
  version: string;
  host: Record<string, string>;
  progress(progress: Progress): void;
}

export interface RunOptions {
  seed: number;
  /** Leave the stack and the stores for a look afterwards. */
  keep: boolean;
  signal: AbortSignal;
  /**
   * Settles when the drill before it is judged, and its stack gone: until then this one makes its own stack
   * and seeds it, and measures nothing.
   */
  after?: Promise<unknown> | undefined;
}

/** One drill under way: what its phases share. */
export interface Drill {
  readonly id: string;
  readonly folder: string;
  readonly plan: Plan;
  readonly dependencies: EngineDependencies;
  readonly options: RunOptions;
  readonly timeline: TimelineWriter;
  readonly ledger: LedgerWriter;
  readonly undo: UndoStack;
  readonly pulse: Pulse;
  readonly moments: Moments;
  readonly originMs: number;
  /** Values of secrets that were looked up: what must never be shown. */
  readonly secrets: Set<string>;
  stack: Stack | null;
  repository: Repository | null;
  readonly stores: Map<string, StoreTarget>;
  /** Regions that were lost, by name. */
  readonly regions: Map<string, Loss>;
  readonly attached: Map<string, Attached>;
  /** Writes of each load that were acknowledged so far. */
  readonly acknowledged: Map<string, number>;
  /** What was done to components so far, in order, but for what was so beforehand. */
  readonly inflicted: { id: string; fault: string; target: string; done: ActiveFault }[];
}

export function attachedTo(drill: Drill, component: string): Attached {
  const attached = drill.attached.get(component);
  if (!attached) throw new Error(`component ${component} is not attached`);
  return attached;
}

/** What a load drives: its target's own workload, or a load generator. */
export function workloadOf(
  drill: Drill,
  { target, by }: { target: string; by?: string | undefined },
): Workload | VisitWorkload {
  const { workload, generators = {} } = attachedTo(drill, target);
  const driven = by === undefined ? workload : generators[by];
  if (!driven) throw new Error(`component ${target} has nothing to load it with`);
  return driven;
}

export function storeOf(drill: Drill, name: string): StoreTarget {
  const store = drill.stores.get(name);
  if (!store) throw new Error(`store ${name} is not open`);
  return store;
}

/** Marks stretches of a recovery step on the timeline. */
export const stageOf =
  (drill: Drill, step: number) =>
  async <T>(stage: Stage, what: string, work: () => Promise<T>): Promise<T> => {
    drill.timeline.emit('stage.begun', { step, stage, what });
    try {
      const result = await work();
      drill.timeline.emit('stage.ended', { step, stage, what, ok: true });
      return result;
    } catch (error) {
      drill.timeline.emit('stage.ended', { step, stage, what, ok: false });
      throw error;
    }
  };
