import { dataClasses, type DataAnalysis, type DataClass } from '../core/analysis.ts';
import { kinds, outcomes } from '../core/ledger.ts';
import type { Batch, IdHistory } from './ledger-batch.ts';
import { kindOf, outcomeOf } from './ledger-batch.ts';
import type { Classified } from './ledger-classify.ts';
import { seenSince, type Between } from './seen-between.ts';
import { isInDoubt, type Strike } from './under-way.ts';

const examplesPerClass = 5;

/** `volatile`: what was there at the fault is thrown away on purpose. */
export interface DataContext {
  faultMs: number;
  boundaryMs: number;
  recoveredMs: number;
  volatile: boolean;
  strikes: readonly Strike[];
  between: Between;
}

/** Loss and integrity of one load, while it is being counted. */
export interface DataTally {
  data: DataAnalysis;
  /**
   * Invocation of the newest write that is there and was acknowledged before recovery began: what a hole is
   * held against.
   */
  newestProvenInvokedMs: number;
}

export const createTally = (): DataTally => ({
  data: {
    attempted: 0,
    acknowledged: 0,
    failed: 0,
    unknown: 0,
    readBack: 0,
    removals: 0,
    groups: 0,
    acknowledgedAfterRecovery: 0,
    inDoubt: 0,
    classes: Object.fromEntries(dataClasses.map((name) => [name, 0])) as Record<DataClass, number>,
    examples: {},
    lostBeforeFault: 0,
    lostAfterFault: 0,
    survivedFault: 0,
    lostSeenThere: 0,
    lostSeenGone: 0,
    backSeenGone: 0,
    oldestLostAckMs: null,
    newestLostAckMs: null,
    newestSurvivorAckMs: null,
    holes: 0,
  },
  newestProvenInvokedMs: -Infinity,
});

const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

/**
 * Adds one id. Lost and stale count the same: what was acknowledged is not there. What was lost after the
 * recovery is no loss that a recovery point bounds.
 */
export function addClassified(
  tally: DataTally,
  batch: Batch,
  history: IdHistory,
  classified: Classified,
  context: DataContext,
): void {
  const { data } = tally;
  countOperations(data, batch, history);
  data.readBack += history.readbacks;
  if (classified.last !== -1) data.acknowledged += 1;
  if (classified.last !== -1 && batch.invokedMs[classified.last]! >= context.recoveredMs)
    data.acknowledgedAfterRecovery += 1;
  if (classified.last !== -1 && kindOf(batch, classified.last) === kinds.remove) data.removals += 1;
  if (history.readbacks > 1) {
    data.classes.duplicated += 1;
    addExample(data, 'duplicated', history.id, () => `read back ${history.readbacks} times`);
  }
  if (classified.class === null) return;
  if (isInDoubt(batch, history, classified, context.strikes)) {
    data.inDoubt += 1;
    addExample(data, 'in-doubt', history.id, () => storyOf(batch, history, classified));
    return;
  }
  data.classes[classified.class] += 1;
  if (classified.class === 'survived') {
    if (!classified.proven) return;
    addSurvivor(tally, batch, classified.last, context);
    if (seenSince(batch, history, classified.last, context.between).gone) data.backSeenGone += 1;
    return;
  }
  addExample(data, classified.class, history.id, () => storyOf(batch, history, classified));
  if (!isLoss(classified)) return;
  addLoss(data, batch.endedMs[classified.last]!, context);
  const seen = seenSince(batch, history, classified.last, context.between);
  if (seen.there) data.lostSeenThere += 1;
  else if (seen.goneBefore) data.lostSeenGone += 1;
}

export const isLoss = (classified: Classified): boolean =>
  classified.class === 'lost' || classified.class === 'stale';

export function addExample(
  data: DataAnalysis,
  name: DataClass | 'hole' | 'in-doubt',
  id: number,
  what: () => string,
): void {
  const list = (data.examples[name] ??= []);
  if (list.length < examplesPerClass) list.push({ id, what: what() });
}

function countOperations(data: DataAnalysis, batch: Batch, history: IdHistory): void {
  let written = false;
  for (let at = 0; at < history.opCount; at += 1) {
    const row = history.ops[at]!;
    if (kindOf(batch, row) === kinds.write) written = true;
    const outcome = outcomeOf(batch, row);
    if (outcome === outcomes.fail) data.failed += 1;
    else if (outcome === outcomes.unknown) data.unknown += 1;
  }
  if (written) data.attempted += 1;
}

function addSurvivor(
  tally: DataTally,
  batch: Batch,
  row: number,
  { boundaryMs, faultMs, volatile }: DataContext,
): void {
  const ackMs = batch.endedMs[row]!;
  if (ackMs < faultMs) tally.data.survivedFault += 1;
  if (ackMs >= boundaryMs) return;
  const { data } = tally;
  if (data.newestSurvivorAckMs === null || ackMs > data.newestSurvivorAckMs) data.newestSurvivorAckMs = ackMs;
  // What clients wrote once it was thrown away may well be there.
  if (volatile && batch.invokedMs[row]! >= faultMs) return;
  if (batch.invokedMs[row]! > tally.newestProvenInvokedMs)
    tally.newestProvenInvokedMs = batch.invokedMs[row]!;
}

function addLoss(data: DataAnalysis, ackMs: number, { faultMs }: DataContext): void {
  if (ackMs < faultMs) data.lostBeforeFault += 1;
  else data.lostAfterFault += 1;
  if (data.oldestLostAckMs === null || ackMs < data.oldestLostAckMs) data.oldestLostAckMs = ackMs;
  if (data.newestLostAckMs === null || ackMs > data.newestLostAckMs) data.newestLostAckMs = ackMs;
}

function storyOf(batch: Batch, history: IdHistory, classified: Classified): string {
  const last =
    classified.last === -1
      ? 'nothing of it was acknowledged'
      : `${kindOf(batch, classified.last) === kinds.remove ? 'removal' : 'write'} acknowledged at ${seconds(batch.endedMs[classified.last]!)}`;
  const now =
    history.shown === -1
      ? 'absent'
      : isLoss(classified) || classified.class === 'lost-after-recovery'
        ? shownInstead(batch, classified)
        : 'there';
  return `${last}; on reading back ${now}`;
}

const shownInstead = (batch: Batch, { last }: Classified): string =>
  kindOf(batch, last) === kinds.remove ? 'there' : 'there with an older value';

/**
 * A hole: a lost write, acknowledged before a write that is there was invoked, which in turn was acknowledged
 * before recovery began (real-time order; strict, so that writes that touch or overlap may end on either side
 * of a snapshot). Only acknowledged writes that are there count as survivors: an absent removed id proves
 * nothing, and a write of unknown outcome may have taken effect after the recovery. Counted by a second pass,
 * for the newest survivor is known only after the first.
 */
export function addHole(tally: DataTally, batch: Batch, history: IdHistory, classified: Classified): void {
  const ackMs = batch.endedMs[classified.last]!;
  if (!isLoss(classified) || !(ackMs < tally.newestProvenInvokedMs)) return;
  tally.data.holes += 1;
  addExample(
    tally.data,
    'hole',
    history.id,
    () =>
      `acknowledged at ${seconds(ackMs)} and lost, while a write invoked as late as ${seconds(tally.newestProvenInvokedMs)} is there`,
  );
}

export const mayHaveHoles = ({ data, newestProvenInvokedMs }: DataTally): boolean =>
  data.oldestLostAckMs !== null && data.oldestLostAckMs < newestProvenInvokedMs;
