import type { DataClass } from '../core/analysis.ts';
import { kinds, outcomes } from '../core/ledger.ts';
import { kindOf, outcomeOf, type Batch, type IdHistory } from './ledger-batch.ts';

/** What became of an id. One object, written anew for each: hot path. */
export interface Classified {
  /** Null: nothing of it was acknowledged, and it is not there. */
  class: DataClass | null;
  /** Row of the last acknowledged write or removal; -1 when there is none. */
  last: number;
  /**
   * The last acknowledged *write* is there. A removed id that is absent survived too, but proves nothing: an
   * older snapshot lacks it as well.
   */
  proven: boolean;
}

export interface ClassifyContext {
  neverReturn: boolean;
  /**
   * The recovery was over: what is invoked and acknowledged from here on must stay. Infinity when it never
   * was.
   */
  recoveredMs: number;
}

/**
 * DESIGN §3's table for one id. The operation that counts is the last acknowledged one, by invocation. What
 * an operation of unknown outcome wrote (or removed) is legal at any later time, as Jepsen has it for
 * indeterminate operations: it may have waited in a paused server and taken effect after an acknowledged one.
 *
 *   there, with the value of the last acknowledged write          survived
 *   there, with the value of a write of unknown outcome           recovered
 *   there, with an older acknowledged value                       stale; after an acknowledged removal: lost,
 * or resurrected where removed data must never return
 *   there, with the value of a certainly failed write             resurrected
 * there, acknowledged as removed, whatever the value            resurrected where removed data must never
 * return
 * there, never written                                          phantom (removed but never written: the
 * removal is lost)
 *   there, with any other value                                   corrupt
 *   absent, last acknowledged a removal                           survived
 *   absent, and a removal's outcome is unknown                    recovered
 *   absent, last acknowledged a write                             lost
 *
 * What would be lost or stale is lost after the recovery where that operation was invoked when the recovery
 * was over.
 */
export function classify(
  batch: Batch,
  history: IdHistory,
  { neverReturn, recoveredMs }: ClassifyContext,
  classified: Classified,
): void {
  classified.last = lastAcknowledged(batch, history);
  classified.proven = false;
  classified.class =
    history.shown === -1
      ? classOfAbsent(batch, history, classified.last)
      : classOfPresent(batch, history, classified.last, neverReturn);
  if (classified.class === 'survived' && history.shown !== -1) classified.proven = true;
  if (
    (classified.class === 'lost' || classified.class === 'stale') &&
    batch.invokedMs[classified.last]! >= recoveredMs
  )
    classified.class = 'lost-after-recovery';
}

function lastAcknowledged(batch: Batch, history: IdHistory): number {
  for (let at = history.opCount - 1; at >= 0; at -= 1)
    if (outcomeOf(batch, history.ops[at]!) === outcomes.ok) return history.ops[at]!;
  return -1;
}

function classOfAbsent(batch: Batch, history: IdHistory, last: number): DataClass | null {
  if (last === -1) return null;
  if (kindOf(batch, last) === kinds.remove) return 'survived';
  for (let at = 0; at < history.opCount; at += 1) {
    const row = history.ops[at]!;
    if (kindOf(batch, row) === kinds.remove && outcomeOf(batch, row) === outcomes.unknown) return 'recovered';
  }
  return 'lost';
}

function classOfPresent(batch: Batch, history: IdHistory, last: number, neverReturn: boolean): DataClass {
  const removed = last !== -1 && kindOf(batch, last) === kinds.remove;
  if (last !== -1 && !removed && sameValue(batch, last, history.shown)) return 'survived';
  let written = false;
  let older = -1;
  let failed = false;
  let removedSince = false;
  let removedSinceOlder = false;
  for (let at = history.opCount - 1; at >= 0; at -= 1) {
    const row = history.ops[at]!;
    const outcome = outcomeOf(batch, row);
    if (kindOf(batch, row) === kinds.remove) {
      if (outcome === outcomes.ok) removedSince = true;
      continue;
    }
    written = true;
    if (!sameValue(batch, row, history.shown)) continue;
    if (outcome === outcomes.unknown) return 'recovered';
    if (outcome === outcomes.fail) failed = true;
    else if (older === -1) {
      older = row;
      removedSinceOlder = removedSince;
    }
  }
  if (older !== -1) return removedSinceOlder && neverReturn ? 'resurrected' : removed ? 'lost' : 'stale';
  if (failed || (removed && neverReturn)) return 'resurrected';
  if (!written) return removed ? 'lost' : 'phantom';
  return 'corrupt';
}

export const sameValue = (batch: Batch, a: number, b: number): boolean =>
  batch.low[a] === batch.low[b] && batch.high[a] === batch.high[b];
