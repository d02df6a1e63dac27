import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { basisWith, delayMs, delayOf } from './detection.ts';
import { drillTimesOf, type DrillTimes } from './drill-times.ts';
import { finding, seqsOf, weights } from './finding.ts';
import { rightAgainOf } from './rto.ts';

export type ErrorBudget = NonNullable<DrillResult['errorBudget']>;

const percentText = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/**
 * Time without service from the fault on: each bucket counts by the share of its operations that failed or
 * were slow, and one of the outage in which nothing was completed counts whole. By time and not by requests,
 * for clients that wait ask less.
 */
function badMsOf(load: LoadAnalysis, faultMs: number, endMs: number): number {
  const { bucketMs, startMs, right, failed, slow } = load.series;
  const { impactMs, correctMs } = load.service;
  let badMs = 0;
  for (
    let bucket = Math.max(0, Math.floor((faultMs - startMs) / bucketMs));
    bucket < right.length;
    bucket += 1
  ) {
    const beginMs = startMs + bucket * bucketMs;
    if (beginMs >= endMs) break;
    const all = right[bucket]! + failed[bucket]!;
    const lengthMs = Math.min(bucketMs, endMs - beginMs);
    if (all > 0) badMs += (lengthMs * (failed[bucket]! + (slow?.[bucket] ?? 0))) / all;
    else if (impactMs !== null && beginMs >= impactMs && beginMs < (correctMs ?? Infinity)) badMs += lengthMs;
  }
  return badMs;
}

/** How much of the strategy's error budget this outage burns; null when it promises no availability. */
export function errorBudgetOf(evidence: Evidence): ErrorBudget | null {
  const { slo } = evidence.strategy;
  if (!slo) return null;
  const moments = drillTimesOf(evidence.events);
  const budgetMs = Math.round((1 - slo.availability.share) * slo.over.ms);
  const known = {
    target: slo.availability.share,
    periodMs: slo.over.ms,
    budgetMs,
    delayMs: delayMs(delayOf(evidence.strategy, moments.automatic)),
  };
  const loads = evidence.ledger.loads.filter((load) => slo.of === undefined || load.target === slo.of);
  const why = unmeasured(evidence, moments, loads);
  if (why !== null) return { ...known, load: null, badMs: null, burnt: null, worstBurnt: null, detail: why };
  const { load, badMs } = loads
    .map((one) => ({ load: one.load, badMs: badMsOf(one, moments.faultMs!, moments.observationEndedMs!) }))
    .reduce((a, b) => (b.badMs > a.badMs ? b : a));
  const delay = badMs === 0 ? 0 : known.delayMs;
  const detail = [
    `${formatDuration(badMs)} without service (${load}, measured)`,
    ...(delay > 0 ? [`+ ${formatDuration(delay)} until somebody acts (derived, declared)`] : []),
    `of ${formatDuration(budgetMs)} = (100 % - ${slo.availability.text}) × ${slo.over.text}`,
  ].join(' ');
  return {
    ...known,
    delayMs: delay,
    load,
    badMs,
    burnt: badMs / budgetMs,
    worstBurnt: (badMs + delay) / budgetMs,
    detail: `${detail}: ${percentText((badMs + delay) / budgetMs)} of the error budget.`,
  };
}

function unmeasured(
  { ledger, strategy }: Evidence,
  moments: DrillTimes,
  loads: readonly LoadAnalysis[],
): string | null {
  if (ledger.damage !== null) return `The ledger is damaged: ${ledger.damage}.`;
  if (moments.faultMs === null) return 'Nothing was broken.';
  if (moments.observationEndedMs === null) return 'Clients were not watched to the end.';
  const asked = loads.some((load) => load.service.operations > 0);
  return asked
    ? null
    : `No load was running${strategy.slo!.of === undefined ? '' : ` on ${strategy.slo!.of}`}.`;
}

export const slo: Measure = {
  about: "The share of the strategy's error budget that this outage burns",
  ofFaults: true,
  judge(evidence) {
    const budget = errorBudgetOf(evidence);
    if (!budget) return [];
    const moments = drillTimesOf(evidence.events);
    const time = rightAgainOf(evidence.ledger.loads, moments, evidence.ledger.damage);
    const open = budget.badMs !== null && time.impactMs !== null && time.correctMs === null;
    const { worstBurnt } = budget;
    const verdict =
      worstBurnt === null ? 'inconclusive' : worstBurnt > 1 ? 'fail' : open ? 'inconclusive' : 'pass';
    return [
      finding({
        id: 'slo/availability',
        claim: 'slo',
        title: 'One outage does not burn the whole error budget',
        verdict,
        actual: worstBurnt,
        objective: 1,
        unit: 'ratio',
        gate: true,
        weight: weights.slo,
        basis: basisWith('measured', delayOf(evidence.strategy, moments.automatic)),
        detail: `${budget.detail}${open ? ' It was still burning when the observation ended.' : ''}`,
        evidence: seqsOf(evidence.events, 'load.begun', 'fault.begun', 'observation.ended', 'ledger.chunk'),
      }),
    ];
  },
};
