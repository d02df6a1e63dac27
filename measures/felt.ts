import type { LoadAnalysis } from '../core/analysis.ts';
import type { DrillTimes } from './drill-times.ts';
import { steadyOperations } from './ledger-service.ts';

/** Whether what clients fail by can be the recovery's own work at all: somebody acted. */
export const mayBeRepair = ({ automatic, recoveryBegunMs }: DrillTimes): boolean =>
  !automatic && recoveryBegunMs !== null;

/** It failed by the fault: where somebody acted, by what was asked for before that. */
export const failedByFault = ({ service, beforeRecovery }: LoadAnalysis, moments: DrillTimes): boolean =>
  service.impactMs !== null && (!mayBeRepair(moments) || beforeRecovery.failedFromMs !== null);

/**
 * It felt the fault. What failed only after the recovery had begun may be what that broke itself, as by a
 * restart, but for clients of what was broken: those of a component that lost data feel that as soon as
 * anybody looks; and where they, or others that come by its way, had asked less than tells right from wrong
 * since the fault had taken effect, what failed next is what they met of it.
 */
export const feltFault = (load: LoadAnalysis, moments: DrillTimes): boolean => {
  if (load.service.impactMs === null || failedByFault(load, moments)) return load.service.impactMs !== null;
  if (moments.lossOf.includes(load.target)) return true;
  return moments.brokenFor.has(load.target) && load.beforeRecovery.rightSinceEffect < steadyOperations;
};
