import type { Evidence, Measure } from '../core/measure.ts';
import { formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { alertRows, type AlertRow } from './alert-rows.ts';
import { drillTimesOf } from './drill-times.ts';
import { failedByFault } from './felt.ts';
import { finding, seqsOf, weights } from './finding.ts';
import { rightAgainOf } from './rto.ts';

const evidenceOf = ({ events }: Evidence): number[] =>
  seqsOf(events, 'load.begun', 'fault.begun', 'detected', 'observation.ended', 'ledger.chunk');

/**
 * An alert that fires when nothing is wrong tells nothing of what went wrong then: the drill's machine was
 * too slow for it, or it is too tight. Neither is the recovery's fault, nor shows that anybody is told.
 */
function quietFinding(evidence: Evidence, row: AlertRow): Finding {
  const { alert, falseAlarmMs, state, detail, basis } = row;
  const verdict = state === 'unknown' || falseAlarmMs !== null ? 'inconclusive' : 'pass';
  const of = row.component === null ? '' : ` (${row.component})`;
  return finding({
    id: `alert/${alert}`,
    claim: `alerts/${alert}`,
    title: `Alert ${alert} is quiet until something is broken`,
    verdict,
    basis,
    detail: `${detail} Condition${of}: ${row.condition}.`,
    evidence: evidenceOf(evidence),
    gate: true,
  });
}

/** Why none of them says whether the outage would have been noticed; null where one does. */
function untoldBy(rows: readonly AlertRow[]): string | null {
  if (rows.every(({ state }) => state === 'unknown')) return 'No alert had anything to evaluate.';
  const early = rows.filter(({ falseAlarmMs }) => falseAlarmMs !== null).map(({ alert }) => alert);
  return early.length === 0
    ? null
    : `Only ${early.join(', ')} would have fired, and that before anything was broken.`;
}

/**
 * Somebody who has to act must be told. Where the recovery needs nobody, an outage shorter than every window
 * is what windows are there to pass over; a longer one that fires nothing is one that nobody hears of.
 */
function noticedFinding(evidence: Evidence, rows: readonly AlertRow[]): Finding[] {
  const moments = drillTimesOf(evidence.events);
  const { faultMs, automatic } = moments;
  const { loads, damage } = evidence.ledger;
  const { impactMs, correctMs } = rightAgainOf(loads, moments, damage);
  // Where clients felt nothing until somebody acted, what they felt then is the repair.
  if (faultMs === null || impactMs === null || !loads.some((load) => failedByFault(load, moments))) return [];
  const common = {
    id: 'alerts/noticed',
    claim: 'alerts',
    title: 'The outage would have been noticed by an alert',
    unit: 'ms' as const,
    gate: true,
    weight: weights.alerts,
    evidence: evidenceOf(evidence),
  };
  const fired = rows
    .filter(({ firedMs, falseAlarmMs }) => firedMs !== null && falseAlarmMs === null)
    .toSorted((a, b) => a.firedMs! - b.firedMs!);
  const [first] = fired;
  if (first) {
    const others = fired
      .slice(1)
      .map(({ alert, firedMs }) => `${alert} at +${formatDuration(firedMs! - faultMs)}`);
    const then = others.length > 0 ? `; then ${others.join(', ')}` : '';
    return [
      finding({
        ...common,
        verdict: 'pass',
        actual: first.firedMs! - faultMs,
        basis: first.basis,
        detail: `First by ${first.alert}, ${formatDuration(first.firedMs! - faultMs)} after the fault${then}.`,
      }),
    ];
  }
  const declared = rows.filter(({ when }) => when !== 'health-check');
  const untold = untoldBy(declared);
  if (untold !== null) return [finding({ ...common, verdict: 'inconclusive', detail: untold })];
  const shortest = Math.min(...Object.values(evidence.strategy.alerts).map(({ over }) => over.ms));
  const outageMs = correctMs === null ? null : correctMs - impactMs;
  if (automatic && outageMs !== null && outageMs < shortest) {
    return [
      finding({
        ...common,
        title: 'No outage that matters goes unnoticed',
        verdict: 'pass',
        detail: `No alert would have fired. The outage of ${formatDuration(outageMs)} was shorter than every window (${formatDuration(shortest)} at least), and it ended without anybody.`,
      }),
    ];
  }
  const outage = outageMs === null ? 'that did not end' : `of ${formatDuration(outageMs)}`;
  const stays = automatic ? '' : ', and nothing recovers here until somebody acts';
  const silent = declared.map(({ alert, condition }) => `${alert} (${condition})`).join('; ');
  return [
    finding({
      ...common,
      verdict: 'fail',
      detail: `No alert would have fired on an outage ${outage}${stays}: ${silent}.`,
    }),
  ];
}

export const alerts: Measure = {
  about:
    "The strategy's own alert thresholds on what clients saw: when each would have fired, and whether an outage went unnoticed",
  ofFaults: true,
  judge(evidence) {
    const rows = alertRows(evidence);
    return rows.length === 0
      ? []
      : [
          ...noticedFinding(evidence, rows),
          ...rows.filter(({ when }) => when !== 'health-check').map((row) => quietFinding(evidence, row)),
        ];
  },
};
