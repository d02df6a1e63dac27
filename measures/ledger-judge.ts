import type { DataAnalysis, LedgerAnalysis } from '../core/analysis.ts';
import type { LedgerSource } from '../core/ledger.ts';
import { firstOf, type TimelineEvent } from '../core/timeline.ts';
import {
  declaredLoads,
  drillTimesOf,
  recoveryBoundaryMs,
  type DeclaredLoad,
  type DrillTimes,
} from './drill-times.ts';
import { analyseBefore } from './ledger-before.ts';
import { createBatch, eachId, type Batch } from './ledger-batch.ts';
import { addExample, addClassified, addHole, createTally, mayHaveHoles } from './ledger-data.ts';
import { classify, type Classified } from './ledger-classify.ts';
import { watchGroups } from './ledger-groups.ts';
import { judgeReads } from './ledger-reads.ts';
import { analyseService } from './ledger-service.ts';
import { noThresholds, thresholdsOf } from './response-times.ts';
import { boundsOf } from './ledger-times.ts';
import { betweenOf, type Between } from './seen-between.ts';
import { strikesOf, type Strike } from './under-way.ts';
import { contradictionOf, planRanges, surveyLedger, type IdRange } from './ledger-survey.ts';

/**
 * How much is held in memory at once. `idsPerWindow` is a power of two, from 16 to 1024: ids of one window
 * are never apart, so that small ones keep a few ids that many clients read from filling the memory. The
 * result does not depend on either.
 */
export interface Portion {
  records: number;
  idsPerWindow: number;
}
const portionDefault: Portion = { records: 1_500_000, idsPerWindow: 16 };

interface Reading {
  source: LedgerSource;
  moments: DrillTimes;
  batch: Batch;
  wrong: Uint8Array;
  damaged: boolean;
  strikes: readonly Strike[];
  between: Between;
}

/**
 * Judges the client's own record against what was read back, for each load that began. Pure, and in bounded
 * memory: ids are taken in ranges of so many records, with one pass over the ledger for each, plus a handful
 * of passes for everything else. Times are ms since the drill's origin. A ledger that contradicts the
 * timeline or itself is damaged: then no load has `data`. Loss and integrity after DESIGN §3
 * (ledger-classify.ts, ledger-groups.ts), reads ledger-reads.ts, service ledger-service.ts.
 */
export function analyseLedger(
  source: LedgerSource,
  events: readonly TimelineEvent[],
  portion: Portion = portionDefault,
): LedgerAnalysis {
  const loads = declaredLoads(events);
  const moments = drillTimesOf(events);
  const survey = surveyLedger(source, loads, portion.idsPerWindow, boundsOf(events));
  const damage = survey.damage ?? contradictionOf(survey, source, loads, events);
  const plans = new Map(
    loads.map((load) => [
      load.index,
      planRanges(survey.loads.get(load.index)!, portion.records, portion.idsPerWindow),
    ]),
  );
  const capacity = Math.max(0, ...[...plans.values()].flat().map((range) => range.records));
  const reading: Reading = {
    source,
    moments,
    batch: createBatch(capacity),
    wrong: new Uint8Array(Math.ceil(survey.records / 8)),
    damaged: damage !== null,
    strikes: strikesOf(events),
    between: betweenOf(events, recoveryBoundaryMs(moments)),
  };
  const data = new Map(loads.map((load) => [load.index, judgeLoad(reading, load, plans.get(load.index)!)]));
  const begun = firstOf(events, 'drill.begun');
  const context = {
    indices: loads.map((load) => load.index),
    faultMs: moments.faultMs ?? Infinity,
    endMs: moments.observationEndedMs ?? Infinity,
    wrong: reading.wrong,
    thresholds: begun ? thresholdsOf(begun.data.strategy) : noThresholds,
  };
  const services = analyseService(source, context);
  const before = analyseBefore(
    source,
    context,
    moments.recoveryBegunMs ?? Infinity,
    new Map(loads.map(({ index, target }) => [index, moments.brokenFor.get(target) ?? Infinity])),
  );
  return {
    damage,
    loads: loads.map(({ index, load, target, ratePerSecond, kind, neverReturn, blindTo, volatile }) => ({
      load,
      index,
      target,
      ratePerSecond,
      kind,
      neverReturn,
      blindTo,
      volatile,
      records: survey.loads.get(index)!.records,
      data: data.get(index) ?? null,
      ...services.get(index)!,
      beforeRecovery: before.get(index)!,
    })),
  };
}

/**
 * Null when the load was not read back completely, or the ledger is damaged: then only its reads are judged.
 */
function judgeLoad(reading: Reading, load: DeclaredLoad, ranges: readonly IdRange[]): DataAnalysis | null {
  const { source, batch, wrong, moments } = reading;
  const readBack = load.readBack && !reading.damaged;
  const context = {
    faultMs: moments.faultMs ?? Infinity,
    between: reading.between,
    boundaryMs: recoveryBoundaryMs(moments),
    recoveredMs: moments.recoveredMs ?? Infinity,
    neverReturn: load.neverReturn,
    volatile: load.volatile,
    strikes: reading.strikes,
    readBack,
  };
  const tally = createTally();
  const classified: Classified = { class: null, last: -1, proven: false };
  const groups = watchGroups((group, torn, what) => {
    tally.data.groups += 1;
    if (!torn) return;
    tally.data.classes.torn += 1;
    addExample(tally.data, 'torn', group, () => what);
  });
  const markWrong = (row: number): void => {
    const record = batch.record[row]!;
    wrong[record >>> 3] = wrong[record >>> 3]! | (1 << (record & 7));
  };
  for (const range of ranges) {
    eachId(source, load.index, range, batch, (history) => {
      judgeReads(batch, history, context, markWrong);
      if (!readBack) return;
      classify(batch, history, context, classified);
      addClassified(tally, batch, history, classified, context);
      groups.member(batch, history);
    });
    groups.end();
  }
  if (!readBack) return null;
  // Nothing of what was acknowledged before the fault is there: that is an empty store, no recovered one, and
  // reading nothing from it stays wrong for ever.
  if (tally.data.survivedFault === 0 && tally.data.lostBeforeFault > 0 && !load.volatile) {
    for (const range of ranges)
      eachId(source, load.index, range, batch, (history) =>
        judgeReads(batch, history, { ...context, readBack: false }, markWrong),
      );
  }
  if (!mayHaveHoles(tally)) return tally.data;
  for (const range of ranges) {
    eachId(source, load.index, range, batch, (history) => {
      classify(batch, history, context, classified);
      if (classified.last !== -1) addHole(tally, batch, history, classified);
    });
  }
  return tally.data;
}
