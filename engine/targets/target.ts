import type { ActiveFault, Undo } from '../../core/active-fault.ts';
import type { AnyFault } from '../../core/fault.ts';
import type { PlannedBackup, PlannedComponent, PlannedFault } from '../../core/planned.ts';
import type { Registries } from '../../core/registries.ts';
import type { FaultPlan } from '../../core/scenario.ts';
import type { EventData } from '../../core/timeline.ts';
import type { Drill } from '../drill-context.ts';
import type { Context, Path } from '../plan-context.ts';

export type Components = ReadonlyMap<string, PlannedComponent>;

/** What is broken, as the engine plans and strikes it. What it is to a reader, core/targets.ts says. */
export interface Target {
  /** The fault as such a target suffers it; null where it cannot, which is among the problems then. */
  suffered(context: Context, plan: FaultPlan, registries: Registries, path: Path): AnyFault | null;
  /** What the timeline says of it when it is struck, beside its name; nothing where it is a component. */
  shown(planned: PlannedFault, components: Components): Partial<EventData['fault.begun']>;
  /** Looks and makes ready, with no effect yet: none of that time is the fault's. What it gives injects. */
  aim(drill: Drill, planned: PlannedFault): Promise<() => Promise<ActiveFault>>;
  /** What undoes the fault, where that is more than the fault's own undo. */
  undo?(drill: Drill, target: string, undo: Undo): Undo;
  /** Whether a moment of that backup is one of the target's own. */
  isBackedUpBy(backup: PlannedBackup, planned: PlannedFault, components: Components): boolean;
  /** Whether it is the system under test. What surrounds a recovery is not asked again. */
  isUnderTest: boolean;
  /** Whether a component that is broken with it can be asked if it is ready. */
  canBeAsked: boolean;
  /** Whether a client or a probe can notice that it is broken, before a recovery needs it. */
  isNoticed: boolean;
  /** Whether backups go on when it is broken: one may be under way, and what they take holds no damage. */
  isUnderBackups: boolean;
  /** Whether what follows a log of it is cut off from it. */
  cutsLogs: boolean;
}
