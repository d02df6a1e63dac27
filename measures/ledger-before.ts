import type { BeforeRecovery } from '../core/analysis.ts';
import { outcomes, type LedgerSource } from '../core/ledger.ts';
import { eachOperation, isSlow, type ServiceContext } from './ledger-service.ts';
import { createResponseTimes, noThresholds, type ResponseTimes } from './response-times.ts';

/**
 * Of the right answers before the fault, so many were there within what counts as usual. Of few of them the
 * slowest, which one busy moment makes, is no measure.
 */
const usualShare = (answers: number): number => (answers < 100 ? 0.9 : 0.99);

/**
 * What was asked for before anybody began to recover, and failed: at its completion where that was before, or
 * because it had then been under way for longer than is usual. What is broken off as soon as it is asked for
 * may be the recovery's own work. Three passes: what is usual and what failed, then how much was asked for
 * meanwhile. `effectMs`: since when what the clients of a load come to was seen to be broken.
 */
export function analyseBefore(
  source: LedgerSource,
  context: ServiceContext,
  recoveryMs: number,
  effectMs: ReadonlyMap<number, number>,
): Map<number, BeforeRecovery> {
  const { faultMs, indices } = context;
  const { longerMs } = context.thresholds ?? noThresholds;
  const usualMs = usualTimes(source, context).map(
    (times) => times.within(0, usualShare(times.count(0))) ?? 0,
  );
  const found = new Map<number, BeforeRecovery>(
    indices.map((index) => [
      index,
      {
        failedFromMs: null,
        rightSinceEffect: 0,
        all: 0,
        failed: 0,
        timed: 0,
        longer: longerMs.map((thanMs) => ({ thanMs, count: 0 })),
      },
    ]),
  );
  const isHeld = (load: number, endedMs: number, invokedMs: number): boolean =>
    endedMs >= faultMs &&
    invokedMs < recoveryMs &&
    (endedMs < recoveryMs || invokedMs + usualMs[load]! < recoveryMs);
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong, _kind, invokedMs) => {
    const one = found.get(load)!;
    const isRight = outcome === outcomes.ok && !isWrong;
    if (isRight && !isSlow(context, durationMs)) {
      if (invokedMs < recoveryMs && invokedMs >= (effectMs.get(load) ?? Infinity)) one.rightSinceEffect += 1;
      return;
    }
    if (isHeld(load, endedMs, invokedMs) && invokedMs < (one.failedFromMs ?? Infinity))
      one.failedFromMs = invokedMs;
  });
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong, _kind, invokedMs) => {
    const one = found.get(load)!;
    if (invokedMs < Math.max(faultMs, one.failedFromMs ?? faultMs) || invokedMs >= recoveryMs) return;
    const isRight = outcome === outcomes.ok && !isWrong;
    if (!isRight && !isHeld(load, endedMs, invokedMs)) return;
    one.all += 1;
    if (!isRight) one.failed += 1;
    if (outcome === outcomes.fail) return;
    one.timed += 1;
    for (const longer of one.longer) if (durationMs > longer.thanMs) longer.count += 1;
  });
  return found;
}

/** How long right answers took before the fault, by load. */
function usualTimes(source: LedgerSource, context: ServiceContext): ResponseTimes[] {
  const times: ResponseTimes[] = [];
  for (const index of context.indices) times[index] = createResponseTimes(1);
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong) => {
    if (endedMs < context.faultMs && outcome === outcomes.ok && !isWrong) times[load]!.add(0, durationMs);
  });
  return times;
}
