import type { LedgerAnalysis, LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding, plural, seqsOf, weights } from './finding.ts';
import { steadyMs, steadyOperations } from './ledger-service.ts';
import { silentBeforeMs } from './silence.ts';

const secondMs = 1_000;
/** Below this an empty second says nothing: a load so slow leaves seconds empty by itself. */
const rateForSilence = 4;

/**
 * Seconds, from the first failure to the end of the observation, in which an operation of the load failed or
 * was slow, or none was completed though at least four were due. Whole seconds from the first failure on;
 * with coarser buckets, those. Null when no operation failed.
 */
export function unavailableSecondsOf(
  load: LoadAnalysis,
  ratePerSecond: number,
  endMs: number,
): number | null {
  const { impactMs } = load.service;
  if (impactMs === null) return null;
  const { bucketMs, startMs, right, failed, slow } = load.series;
  const stepMs = Math.max(secondMs, bucketMs);
  const perStep = Math.round(stepMs / bucketMs);
  let steps = 0;
  for (let bucket = Math.floor((impactMs - startMs) / bucketMs); bucket < right.length; bucket += perStep) {
    const complete = startMs + (bucket + perStep) * bucketMs <= endMs;
    const sum = (counts: number[]): number =>
      counts.slice(bucket, bucket + perStep).reduce((a, b) => a + b, 0);
    if (startMs + bucket * bucketMs >= endMs) break;
    if (
      sum(failed) > 0 ||
      (slow && sum(slow) > 0) ||
      (complete && sum(right) === 0 && ratePerSecond >= rateForSilence)
    )
      steps += 1;
  }
  return (steps * stepMs) / secondMs;
}

/** The worst load's; null when no client operation failed, or the ledger is damaged. */
export function unavailableSeconds(
  ledger: LedgerAnalysis,
  evidence: Pick<Evidence, 'events'>,
): number | null {
  if (ledger.damage !== null) return null;
  const endMs = drillTimesOf(evidence.events).observationEndedMs ?? Infinity;
  const rates = new Map(
    eventsOf(evidence.events, 'load.begun').map((event) => [event.data.index, event.data.ratePerSecond]),
  );
  const known = ledger.loads
    .map((load) => unavailableSecondsOf(load, rates.get(load.index) ?? 0, endMs))
    .filter((seconds) => seconds !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * The client must have been served until the fault: one that fails before anything was broken proves nothing
 * by failing after.
 */
function steadyFinding(evidence: Evidence, load: LoadAnalysis, faultMs: number | null): Finding {
  const { service } = load;
  const before = faultMs === null ? 0 : service.acknowledgedBeforeFault + service.failuresBeforeFault;
  const seconds = unavailableSeconds({ loads: [load], damage: evidence.ledger.damage }, evidence);
  const common = {
    id: `availability/${load.load}`,
    title: `${load.load} was served until the fault`,
    actual: service.failuresBeforeFault,
    objective: 0,
    unit: 'count' as const,
    gate: true,
  };
  const seqs = seqsOf(evidence.events, 'load.begun', 'fault.begun', 'observation.ended', 'ledger.chunk');
  if (evidence.ledger.damage !== null)
    return finding({
      ...common,
      actual: null,
      verdict: 'inconclusive',
      evidence: seqs,
      detail: `The ledger is damaged: ${evidence.ledger.damage}.`,
    });
  if (before === 0)
    return finding({
      ...common,
      actual: null,
      verdict: 'inconclusive',
      evidence: seqs,
      detail: 'No operation of it was completed before the fault.',
    });
  if (service.failuresBeforeFault > 0) {
    const detail = `${formatCount(service.failuresBeforeFault)} of its operations failed or were answered wrongly before anything was broken: what failed later may not be the fault's doing.`;
    return finding({ ...common, verdict: 'inconclusive', evidence: seqs, detail });
  }
  const silentMs = silentBeforeMs(load, faultMs);
  if (silentMs !== null)
    return finding({
      ...common,
      verdict: 'inconclusive',
      evidence: seqs,
      detail: `Nothing of it was completed in the last ${formatDuration(silentMs)} before the fault: it may have been out of service by then.`,
    });
  const failed = plural(service.failed + service.unknown + service.wrong, 'operation');
  const slow = service.tooSlow > 0 ? `, and ${formatCount(service.tooSlow)} took too long,` : '';
  const outage =
    seconds === null
      ? 'No operation failed after it.'
      : `After it, ${failed} failed${slow} in ${seconds} s without service.`;
  return finding({
    ...common,
    verdict: 'pass',
    evidence: seqs,
    detail: `None of ${formatCount(before)} operations before the fault failed. ${outage}`,
  });
}

interface Spared {
  id: string;
  title: string;
  loads: readonly LoadAnalysis[];
}

/** Clients that are promised to see nothing: all of them, or those of single loads. */
function spared({ scenario, ledger: { loads } }: Evidence): Spared[] {
  if (scenario.impact === 'none') return [{ id: 'impact/none', title: 'Clients notice nothing', loads }];
  const single = Object.entries(scenario.load).filter(([, { impact }]) => impact === 'none');
  return single.map(([name]) => ({
    id: `impact/${name}`,
    title: `The clients of ${name} notice nothing`,
    loads: loads.filter(({ load }) => load === name),
  }));
}

/** `impact: none` is a promise that the client sees nothing. It needs clients that were there to see. */
function impactFinding(
  evidence: Evidence,
  { id, title, loads }: Spared,
  faultMs: number | null,
  endedMs: number | null,
): Finding {
  const { damage } = evidence.ledger;
  const common = {
    id,
    title,
    unit: 'count' as const,
    objective: 0,
    gate: true,
    weight: weights.impact,
    evidence: seqsOf(evidence.events, 'fault.begun', 'fault.witnessed', 'observation.ended', 'ledger.chunk'),
  };
  const unknown = (detail: string): Finding => finding({ ...common, verdict: 'inconclusive', detail });
  if (damage !== null) return unknown(`The ledger is damaged: ${damage}.`);
  if (faultMs === null || endedMs === null || loads.length === 0)
    return unknown('Clients were not watched from the fault to the end of an observation.');
  const felt = loads.filter((load) => load.service.impactMs !== null);
  if (felt.length > 0) {
    const first = felt.reduce((a, b) => (b.service.impactMs! < a.service.impactMs! ? b : a));
    return finding({
      ...common,
      verdict: 'fail',
      actual: felt.reduce(
        (sum, { service }) =>
          sum +
          service.failed +
          service.unknown +
          service.wrong +
          service.tooSlow -
          service.failuresBeforeFault,
        0,
      ),
      detail: `${first.load} failed ${formatDuration(first.service.impactMs! - faultMs)} after the fault.`,
    });
  }
  const seen = loads.map(({ service }) => service.right - service.acknowledgedBeforeFault);
  if (endedMs - faultMs < steadyMs || Math.min(...seen) < steadyOperations)
    return unknown(
      'Too little was asked after the fault: at least 2 s and 20 operations of each load are needed.',
    );
  return finding({
    ...common,
    verdict: 'pass',
    actual: 0,
    detail: `All of ${formatCount(seen.reduce((a, b) => a + b, 0))} operations in the ${formatDuration(endedMs - faultMs)} after the fault were answered rightly.`,
  });
}

export const availability: Measure = {
  about: 'The client was served until the fault; with impact: none, after it as well',
  judge(evidence) {
    const { faultMs, observationEndedMs } = drillTimesOf(evidence.events);
    const steady = evidence.ledger.loads.map((load) => steadyFinding(evidence, load, faultMs));
    return [
      ...spared(evidence).map((one) => impactFinding(evidence, one, faultMs, observationEndedMs)),
      ...steady,
    ];
  },
};
