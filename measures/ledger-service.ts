import type { Series, ServiceAnalysis } from '../core/analysis.ts';
import { flagContinues, flagWrong, kinds, outcomes, recordBytes, type LedgerSource } from '../core/ledger.ts';
import { createResponseTimes, noThresholds, type ResponseTimes, type Thresholds } from './response-times.ts';
import { isSound } from './ledger-record.ts';

/**
 * How long, and how many operations, right answers must go on before service counts as restored (DESIGN §3,
 * Time).
 */
export const steadyMs = 2_000;
export const steadyOperations = 20;
/** So long before the fault a write was acknowledged that whoever follows a log has had time to read it. */
export const unhurriedMs = 1_000;

const bucketSizesMs = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];
const bucketsMax = 600;

export interface ServiceContext {
  indices: readonly number[];
  /** Infinity when nothing was broken. */
  faultMs: number;
  /** End of the observation; what is asked for later says nothing. Infinity when it never ended. */
  endMs: number;
  /** One bit for each record of the ledger: a read that was answered wrongly. */
  wrong: Uint8Array;
  /** Nothing is compared with where they are left out. */
  thresholds?: Thresholds;
}

export interface Service {
  service: ServiceAnalysis;
  series: Series;
}

interface Run {
  beganMs: number;
  endedMs: number;
  operations: number;
}
interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * How the client fared. An operation counts at its completion, as a success and as a failure: an outage is
 * then seen as soon as a client could have known, and service as restored only when an answer has really
 * arrived. What was asked for in the run of right answers, and failed when nobody watched any more, ends that
 * run all the same. Three passes, none of which trusts the order of the records: the failures, what followed
 * the last of them, the series.
 */
export function analyseService(source: LedgerSource, context: ServiceContext): Map<number, Service> {
  const services: ServiceAnalysis[] = [];
  for (const index of context.indices) services[index] = emptyService();
  const span = countOutcomes(source, context, services);
  const runs = followLastFailure(source, context, services);
  countLateFailures(source, context, services, runs);
  const series = drawSeries(source, context, span);
  for (const index of context.indices) {
    const service = services[index]!;
    const run = runs[index]!;
    service.rightSinceFailure = run.operations;
    if (
      service.impactMs !== null &&
      run.operations >= steadyOperations &&
      run.endedMs - run.beganMs >= steadyMs
    ) {
      service.correctMs = run.beganMs;
      service.correctResolutionMs = run.beganMs - service.lastFailureMs!;
    }
  }
  return new Map(
    context.indices.map((index) => [index, { service: services[index]!, series: series[index]! }]),
  );
}

const emptyService = (): ServiceAnalysis => ({
  operations: 0,
  right: 0,
  wrong: 0,
  failed: 0,
  unknown: 0,
  tooSlow: 0,
  impactMs: null,
  correctMs: null,
  correctResolutionMs: null,
  lastFailureMs: null,
  rightSinceFailure: 0,
  lastBeforeFaultMs: null,
  lastRightMs: null,
  acknowledgedBeforeFault: 0,
  writesBeforeFault: 0,
  unhurriedWriteMs: null,
  failuresBeforeFault: 0,
});

type Visit = (
  load: number,
  endedMs: number,
  durationMs: number,
  outcome: number,
  isWrong: boolean,
  kind: number,
  invokedMs: number,
) => void;

export function eachOperation(source: LedgerSource, { wrong, indices }: ServiceContext, visit: Visit): void {
  const known = new Uint8Array(256);
  for (const index of indices) known[index] = 1;
  let record = -1;
  for (const chunk of source.chunks()) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + recordBytes <= chunk.byteLength; at += recordBytes) {
      record += 1;
      const kind = view.getUint8(at + 1);
      const load = view.getUint8(at);
      if (kind === kinds.readback || known[load] === 0 || !isSound(view, at)) continue;
      const flags = view.getUint8(at + 3);
      if (kind === kinds.write && (flags & flagContinues) !== 0) continue;
      const outcome = view.getUint8(at + 2);
      const isWrong =
        outcome === outcomes.ok &&
        ((kind === kinds.answer && (flags & flagWrong) !== 0) ||
          ((wrong[record >>> 3]! >>> (record & 7)) & 1) === 1);
      const durationMs = view.getFloat32(at + 12, true);
      const invokedMs = view.getFloat64(at + 16, true);
      visit(load, invokedMs + durationMs, durationMs, outcome, isWrong, kind, invokedMs);
    }
  }
}

function countOutcomes(source: LedgerSource, context: ServiceContext, services: ServiceAnalysis[]): Span {
  const span: Span = { fromMs: Infinity, toMs: -Infinity };
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong, kind) => {
    if (endedMs < span.fromMs) span.fromMs = endedMs;
    if (endedMs > span.toMs) span.toMs = endedMs;
    if (endedMs > context.endMs) return;
    const service = services[load]!;
    service.operations += 1;
    if (endedMs < context.faultMs) service.lastBeforeFaultMs = later(service.lastBeforeFaultMs, endedMs);
    if (outcome === outcomes.ok && !isWrong) {
      service.right += 1;
      service.lastRightMs = later(service.lastRightMs, endedMs);
      if (endedMs >= context.faultMs) {
        if (isSlow(context, durationMs)) fail(service, 'tooSlow', endedMs);
        return;
      }
      service.acknowledgedBeforeFault += 1;
      if (kind === kinds.write || kind === kinds.remove) countWrite(service, endedMs, context.faultMs);
      return;
    }
    const what = kindOfFailure(outcome, isWrong);
    if (endedMs >= context.faultMs) return fail(service, what, endedMs);
    service[what] += 1;
    service.failuresBeforeFault += 1;
    service.lastFailureMs = later(service.lastFailureMs, endedMs);
  });
  return span;
}

function countWrite(service: ServiceAnalysis, endedMs: number, faultMs: number): void {
  service.writesBeforeFault += 1;
  if (endedMs <= faultMs - unhurriedMs && endedMs > (service.unhurriedWriteMs ?? -Infinity))
    service.unhurriedWriteMs = endedMs;
}

/**
 * The unbroken run after the last failure; a right answer in the very moment of a failure does not belong to
 * it.
 */
function followLastFailure(
  source: LedgerSource,
  context: ServiceContext,
  services: readonly ServiceAnalysis[],
): Run[] {
  const runs: Run[] = [];
  for (const index of context.indices) runs[index] = { beganMs: Infinity, endedMs: -Infinity, operations: 0 };
  eachOperation(source, context, (load, endedMs) => {
    const { lastFailureMs } = services[load]!;
    if (lastFailureMs === null || endedMs <= lastFailureMs || endedMs > context.endMs) return;
    const run = runs[load]!;
    run.operations += 1;
    if (endedMs < run.beganMs) run.beganMs = endedMs;
    if (endedMs > run.endedMs) run.endedMs = endedMs;
  });
  return runs;
}

/**
 * Failures that ended after the observation. Those that were invoked in the last run of right answers, or
 * after the fault where there was none before, break it. One that was invoked in the outage is the outage's,
 * however long its client waited.
 */
function countLateFailures(
  source: LedgerSource,
  context: ServiceContext,
  services: readonly ServiceAnalysis[],
  runs: readonly Run[],
): void {
  const windows = context.indices.map(
    (index) =>
      [index, services[index]!.lastFailureMs === null ? context.faultMs : runs[index]!.beganMs] as const,
  );
  const fromMs = new Map(windows);
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong) => {
    const invokedMs = endedMs - durationMs;
    const isLate = outcome === outcomes.ok && !isWrong;
    if (
      endedMs <= context.endMs ||
      invokedMs > context.endMs ||
      (isLate && !isSlow(context, durationMs)) ||
      invokedMs < fromMs.get(load)!
    )
      return;
    const service = services[load]!;
    fail(service, isLate ? 'tooSlow' : kindOfFailure(outcome, isWrong), endedMs);
    service.operations += 1;
    Object.assign(runs[load]!, { operations: 0 });
  });
}

type Failed = 'wrong' | 'failed' | 'unknown' | 'tooSlow';

export const isSlow = ({ thresholds = noThresholds }: ServiceContext, durationMs: number): boolean =>
  thresholds.slowMs !== null && durationMs > thresholds.slowMs;

const kindOfFailure = (outcome: number, isWrong: boolean): Failed =>
  isWrong ? 'wrong' : outcome === outcomes.fail ? 'failed' : 'unknown';

/** From the fault on. */
function fail(service: ServiceAnalysis, what: Failed, endedMs: number): void {
  service[what] += 1;
  if (service.impactMs === null || endedMs < service.impactMs) service.impactMs = endedMs;
  service.lastFailureMs = later(service.lastFailureMs, endedMs);
}

const later = (known: number | null, ms: number): number => (known === null || ms > known ? ms : known);

/** One size for all loads, and no more buckets than a picture can show. */
function bucketsOf({ fromMs, toMs }: Span): { bucketMs: number; startMs: number; buckets: number } {
  const empty = !(fromMs <= toMs);
  const lastSize = bucketSizesMs.at(-1)!;
  const bucketMs = empty
    ? bucketSizesMs[0]!
    : (bucketSizesMs.find((size) => (toMs - fromMs) / size < bucketsMax - 1) ??
      Math.ceil((toMs - fromMs) / (bucketsMax - 1) / lastSize) * lastSize);
  const startMs = empty ? 0 : Math.floor(fromMs / bucketMs) * bucketMs;
  const buckets = empty ? 0 : Math.floor((toMs - startMs) / bucketMs) + 1;
  return { bucketMs, startMs, buckets };
}

function drawSeries(source: LedgerSource, context: ServiceContext, span: Span): Series[] {
  const { bucketMs, startMs, buckets } = bucketsOf(span);
  const { slowMs, longerMs } = context.thresholds ?? noThresholds;
  const zeros = (): number[] => new Array<number>(buckets).fill(0);
  const series: Series[] = [];
  const times: ResponseTimes[] = [];
  for (const index of context.indices) {
    times[index] = createResponseTimes(buckets);
    const longer = longerMs.map((thanMs) => ({ thanMs, counts: zeros() }));
    series[index] = {
      bucketMs,
      startMs,
      right: zeros(),
      failed: zeros(),
      slow: slowMs === null ? null : zeros(),
      slowestMs: zeros(),
      p50Ms: [],
      p99Ms: [],
      timed: zeros(),
      longer,
    };
  }
  const more = (counts: number[], bucket: number): void => void (counts[bucket] = counts[bucket]! + 1);
  eachOperation(source, context, (load, endedMs, durationMs, outcome, isWrong) => {
    const { right, failed, slow, slowestMs, longer } = series[load]!;
    const bucket = Math.floor((endedMs - startMs) / bucketMs);
    const isRight = outcome === outcomes.ok && !isWrong;
    more(isRight ? right : failed, bucket);
    if (isRight && slow && durationMs > slowMs!) more(slow, bucket);
    if (durationMs > slowestMs[bucket]!) slowestMs[bucket] = durationMs;
    if (outcome === outcomes.fail) return;
    times[load]!.add(bucket, durationMs);
    for (const { thanMs, counts } of longer) if (durationMs > thanMs) more(counts, bucket);
  });
  for (const index of context.indices) {
    const ofLoad = times[index]!;
    const one = series[index]!;
    one.timed = one.right.map((_, bucket) => ofLoad.count(bucket));
    one.p50Ms = one.right.map((_, bucket) => ofLoad.within(bucket, 0.5));
    one.p99Ms = one.right.map((_, bucket) => ofLoad.within(bucket, 0.99));
  }
  return series;
}
