import { kinds, outcomes } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { kindOf, outcomeOf, type Batch, type IdHistory } from './ledger-batch.ts';
import { sameValue, type Classified } from './ledger-classify.ts';

/** While something was being broken, and changes were held. Times are ms since the drill's origin. */
export interface Strike {
  fromMs: number;
  toMs: number;
}

export function strikesOf(events: readonly TimelineEvent[]): Strike[] {
  const injected = new Map(eventsOf(events, 'fault.injected').map(({ atMs, data }) => [data.id, atMs]));
  return eventsOf(events, 'fault.begun').flatMap(({ atMs, data: { id, underWay } }) => {
    const toMs = injected.get(id);
    return underWay === undefined || toMs === undefined ? [] : [{ fromMs: atMs, toMs }];
  });
}

/** What a duration loses by being kept with seven digits. */
const roundedMs = 0.01;

/**
 * What is there of an id comes of a change that was under way while something was being broken: it may have
 * been carried out after the damage, so that nobody can see whether that took what the id held before.
 */
export function isInDoubt(
  batch: Batch,
  history: IdHistory,
  { class: what }: Classified,
  strikes: readonly Strike[],
): boolean {
  if (strikes.length === 0 || (what !== 'survived' && what !== 'recovered')) return false;
  const at = changeShown(batch, history);
  if (at === -1 || !wasWritten(batch, history, at)) return false;
  const row = history.ops[at]!;
  return strikes.some(
    ({ fromMs, toMs }) => batch.invokedMs[row]! < toMs && batch.endedMs[row]! > fromMs + roundedMs,
  );
}

/** Place among the id's changes of the last one that explains what is there; -1 where none does. */
function changeShown(batch: Batch, { ops, opCount, shown }: IdHistory): number {
  for (let at = opCount - 1; at >= 0; at -= 1) {
    const row = ops[at]!;
    if (outcomeOf(batch, row) === outcomes.fail) continue;
    const removes = kindOf(batch, row) === kinds.remove;
    if (shown === -1 ? removes : !removes && sameValue(batch, row, shown)) return at;
  }
  return -1;
}

/** An earlier write was acknowledged: there was something to lose. */
function wasWritten(batch: Batch, { ops }: IdHistory, before: number): boolean {
  for (let at = 0; at < before; at += 1)
    if (kindOf(batch, ops[at]!) === kinds.write && outcomeOf(batch, ops[at]!) === outcomes.ok) return true;
  return false;
}
