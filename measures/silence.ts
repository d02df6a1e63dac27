import type { LoadAnalysis } from '../core/analysis.ts';
import { steadyMs, steadyOperations } from './ledger-service.ts';

/**
 * For how long a load may go without an answer before that says something: as long as right answers must go
 * on for service to count as restored, at the rate that is declared, or that there was before the fault where
 * that is less. Infinity where nothing was answered before the fault.
 */
function quietMs({ ratePerSecond, service, series }: LoadAnalysis, faultMs: number): number {
  const seen = (1_000 * service.acknowledgedBeforeFault) / Math.max(1, faultMs - series.startMs);
  return Math.max(steadyMs, (1_000 * steadyOperations) / Math.min(ratePerSecond, seen));
}

/** For how long nothing of the load had been completed when the fault came; null where that is no silence. */
export function silentBeforeMs(load: LoadAnalysis, faultMs: number | null): number | null {
  const { lastBeforeFaultMs } = load.service;
  if (faultMs === null || lastBeforeFaultMs === null) return null;
  const ms = faultMs - lastBeforeFaultMs;
  return ms > quietMs(load, faultMs) ? ms : null;
}

/**
 * For how long the load had had no right answer when the observation ended; null where that is no silence. An
 * operation that never ends leaves no failure behind.
 */
export function silentAtEndMs(
  load: LoadAnalysis,
  { faultMs, observationEndedMs }: { faultMs: number | null; observationEndedMs: number | null },
): number | null {
  if (faultMs === null || observationEndedMs === null) return null;
  const ms = observationEndedMs - (load.service.lastRightMs ?? faultMs);
  return ms > quietMs(load, faultMs) ? ms : null;
}
