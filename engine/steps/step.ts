import type { RestoreContext } from '../../core/backup.ts';
import type { PlannedFault, Plan } from '../../core/planned.ts';
import type { Step } from '../../core/steps/index.ts';
import type { RunningStep } from '../../core/steps/running.ts';
import type { CommandLine } from '../../core/strategy.ts';
import type { Json } from '../../core/timeline.ts';
import type { Drill, Given } from '../drill-context.ts';
import type { Base } from '../fetch.ts';
import type { Close } from '../left-open.ts';
import type { Context, Path } from '../plan-context.ts';

/** What of a plan is settled when its steps are looked at. */
export type Settled = Pick<Plan, 'backups' | 'declared'> & { faults: readonly PlannedFault[] };

/**
 * What the steps of one attempt hand to each other. `open`: what a restore left open for the replay that is
 * the next step.
 */
export interface Course {
  bases: Map<string, Base>;
  open: Close[];
  over: boolean;
  /** The step that did not end at its deadline; null where there is none. */
  goesOn: string | null;
}

/** A step that is under way. */
export interface UnderWay {
  running: RunningStep;
  /** Of its own, for the time that it takes. */
  folder: string;
  /** The declared steps after it. */
  later: readonly Step[];
  course: Course;
  context(options: Record<string, unknown>): RestoreContext;
}

/** How a kind of step is planned and carried out. What it is to a reader, core/steps says. */
export interface StepWork<Kind extends Step> {
  /** What keeps it from being carried out is among the problems then. */
  check(context: Context, step: Kind, path: Path, settled: Settled): void;
  /** What it runs as a command. */
  commands?(step: Kind, settled: Pick<Settled, 'backups' | 'declared'>): CommandLine[];
  /** Before a stack starts: throws where something that it will need of who runs it is not there. */
  assertGiven?(drill: Given, step: Kind): void;
  /** While nothing is broken: rejects with what stands in its way. */
  makeReady?(drill: Drill, step: Kind): Promise<void>;
  carryOut(drill: Drill, step: Kind, underWay: UnderWay): Promise<Json>;
  /** Once it was carried out, before it has ended well. */
  finish?(drill: Drill, course: Course): Promise<void>;
}
