import { kinds, outcomes } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { kindOf, outcomeOf, type Batch, type IdHistory } from './ledger-batch.ts';
import { sameValue } from './ledger-classify.ts';

/** When all was broken, and when a restore began to change what there is. Times are ms since the origin. */
export interface Between {
  brokenMs: number;
  restoreMs: number;
}

/** Infinity where nothing that holds data was broken, or nothing was restored. */
export function betweenOf(events: readonly TimelineEvent[], recoveryMs: number): Between {
  const others = new Set(
    eventsOf(events, 'fault.begun').flatMap(({ data: { id, on, beforehand } }) =>
      on === 'store' || beforehand ? id : [],
    ),
  );
  const over = eventsOf(events, 'fault.injected').filter(
    ({ atMs, data }) => !others.has(data.id) && atMs < recoveryMs,
  );
  const begun = eventsOf(events, 'stage.begun').find(({ data }) => data.stage === 'restore');
  return {
    brokenMs: over.length === 0 ? Infinity : Math.max(...over.map(({ atMs }) => atMs)),
    restoreMs: begun?.atMs ?? Infinity,
  };
}

/**
 * What clients saw of an id since all was broken: what had been acknowledged last, or something else, and
 * that before a restore began.
 */
export interface SeenSince {
  there: boolean;
  gone: boolean;
  goneBefore: boolean;
}

const nothing: SeenSince = { there: false, gone: false, goneBefore: false };

export function seenSince(
  batch: Batch,
  history: IdHistory,
  last: number,
  { brokenMs, restoreMs }: Between,
): SeenSince {
  if (history.readCount === 0 || brokenMs === Infinity) return nothing;
  const isRemoved = kindOf(batch, last) === kinds.remove;
  const seen = { ...nothing };
  for (let at = 0; at < history.readCount; at += 1) {
    const read = history.reads[at]!;
    if (outcomeOf(batch, read) !== outcomes.ok) continue;
    if (batch.invokedMs[read]! < Math.max(brokenMs, batch.endedMs[last]!)) continue;
    const isThere = isRemoved
      ? batch.low[read] === 0 && batch.high[read] === 0
      : sameValue(batch, read, last);
    if (isThere) seen.there = true;
    else seen.gone = true;
    if (!isThere && batch.endedMs[read]! < restoreMs) seen.goneBefore = true;
  }
  return seen;
}
