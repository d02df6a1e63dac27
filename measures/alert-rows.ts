import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence } from '../core/measure.ts';
import type { DrillResult } from '../core/result.ts';
import type { AlertPlan } from '../core/strategy.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import {
  outageBefore,
  slide,
  watchedBy,
  wouldFireAfterMs,
  type Firing,
  type Watched,
} from './client-window.ts';
import { drillTimesOf, type DrillTimes } from './drill-times.ts';
import { failedByFault, mayBeRepair } from './felt.ts';
import { rightAgainOf } from './rto.ts';

export type AlertRow = DrillResult['alerts'][number];

const silent = { state: 'silent', firedMs: null, clearedMs: null, falseAlarmMs: null } as const;
const unknown = { ...silent, state: 'unknown', component: null, basis: 'not measured' } as const;

/**
 * Every alert of the strategy against what the clients saw, and its health check against how long the outage
 * was.
 */
export function alertRows(evidence: Evidence): AlertRow[] {
  const moments = drillTimesOf(evidence.events);
  const rows = Object.entries(evidence.strategy.alerts ?? {}).map(([name, alert]) =>
    alertRow(evidence, moments, name, alert),
  );
  return rows.length === 0 ? [] : [...rows, ...healthCheckRow(evidence, moments)];
}

const conditionOf = (alert: AlertPlan): string =>
  alert.when === 'error-rate'
    ? `more than ${alert.above.text} of the operations in ${alert.over.text} fail`
    : `less than ${alert.at.text} of the operations in ${alert.over.text} are done within ${alert.above.text}`;

/** Each component with a load by itself, unless the alert names one; the first to fire speaks for all. */
function alertRow(evidence: Evidence, moments: DrillTimes, name: string, alert: AlertPlan): AlertRow {
  const { loads, damage } = evidence.ledger;
  const common = { alert: name, when: alert.when, severity: alert.severity, condition: conditionOf(alert) };
  const { faultMs } = moments;
  if (damage !== null) return { ...common, ...unknown, detail: `The ledger is damaged: ${damage}.` };
  if (faultMs === null) return { ...common, ...unknown, detail: 'Nothing was broken.' };
  const targets = [...new Set(loads.map((load) => load.target))].filter(
    (target) => alert.of === undefined || target === alert.of,
  );
  if (targets.length === 0)
    return {
      ...common,
      ...unknown,
      detail: alert.of === undefined ? 'No load was running.' : `No load was running on ${alert.of}.`,
    };
  const rows = targets.flatMap((target) => {
    const own = loads.filter((load) => load.target === target);
    const watched = watchedBy(alert, own, moments.observationEndedMs ?? Infinity);
    const firing = slide(watched, alert.over.ms, faultMs);
    return firing
      ? [
          {
            ...common,
            component: target,
            ...told(moments, { alert, own, watched, firing, faultMs }),
          },
        ]
      : [];
  });
  const first = (of: (row: AlertRow) => number | null): AlertRow | undefined =>
    rows.filter((row) => of(row) !== null).toSorted((a, b) => of(a)! - of(b)!)[0];
  return (
    first((row) => row.falseAlarmMs) ??
    first((row) => row.firedMs) ??
    rows[0] ?? {
      ...common,
      ...unknown,
      detail: `Nothing was asked of ${targets.join(', ')} before the fault: there is nothing to compare with.`,
    }
  );
}

interface Seen {
  alert: AlertPlan;
  own: readonly LoadAnalysis[];
  watched: Watched;
  firing: Firing;
  faultMs: number;
}

function told(
  moments: DrillTimes,
  seen: Seen,
): Omit<AlertRow, 'alert' | 'when' | 'severity' | 'condition' | 'component'> {
  const { alert, watched, firing, faultMs } = seen;
  const { firedMs, clearedMs, falseAlarmMs } = firing;
  if (falseAlarmMs !== null) {
    return {
      state: 'fired',
      firedMs,
      clearedMs,
      falseAlarmMs,
      basis: 'observed',
      detail: `It would have fired ${formatDuration(faultMs - falseAlarmMs)} before anything was broken, so that it tells nothing of the outage: the machine was too busy for its condition, or that is too tight.`,
    };
  }
  const mayBeOfRecovery = firedMs !== null && mayBeRepair(moments) && firedMs > moments.recoveryBegunMs!;
  const later = moments.automatic ? null : laterMs(moments, seen);
  if (firedMs !== null && (!mayBeOfRecovery || (later !== null && later <= firedMs)))
    return { state: 'fired', firedMs, clearedMs, falseAlarmMs, ...howFired(seen, firedMs) };
  if (later === null) {
    const below = moments.automatic
      ? 'the outage that was seen stays below it'
      : 'the outage stays below it, however long';
    return {
      ...silent,
      basis: basisOf(seen, Math.min(alert.over.ms, watched.all.length * watched.bucketMs)),
      detail: mayBeOfRecovery
        ? 'It says nothing of what was broken: it fired only once the recovery had begun, and what went wrong before that stays below it, however long.'
        : `It would not have fired: ${below}.`,
    };
  }
  const detail = `It did not fire before the recovery began. Had the outage gone on as it was, it would have fired ${formatDuration(later - faultMs)} after the fault.`;
  return {
    state: 'fired',
    firedMs: later,
    clearedMs: null,
    falseAlarmMs,
    basis: `derived: an outage as the one that was seen, until it fires; window of ${alert.over.text}, resolution ${formatDuration(watched.bucketMs)}`,
    detail,
  };
}

/** What of a window was seen, and what stands for the rest. */
function basisOf({ alert, watched }: Seen, observedMs: number): string {
  const resolution = `resolution ${formatDuration(watched.bucketMs)}`;
  if (observedMs >= alert.over.ms) return `observed, ${resolution}`;
  return `derived: ${formatDuration(observedMs)} of the window of ${alert.over.text} observed, the rest taken as the healthy traffic before the fault; ${resolution}`;
}

function howFired(seen: Seen, firedMs: number): Pick<AlertRow, 'basis' | 'detail'> {
  const { firing, faultMs } = seen;
  const { clearedMs, clearedDerived, observedMs } = firing;
  const cleared =
    clearedMs === null
      ? 'it had not cleared when the observation ended'
      : `it would have cleared at +${formatDuration(clearedMs - faultMs)}${clearedDerived ? ' (derived: as if the right answers went on)' : ''}`;
  return {
    basis: basisOf(seen, observedMs!),
    detail: `It would have fired ${formatDuration(firedMs - faultMs)} after the fault; ${cleared}.`,
  };
}

/**
 * Nobody acts before somebody knows: in real life the outage goes on as it was before the recovery began.
 * What that breaks itself is no part of it.
 */
function laterMs(moments: DrillTimes, { alert, own, watched, faultMs }: Seen): number | null {
  const { recoveryBegunMs } = moments;
  const failing = own.filter((load) => failedByFault(load, moments));
  if (failing.length === 0 || recoveryBegunMs === null) return null;
  const fromMs = Math.min(...failing.map(({ beforeRecovery }) => beforeRecovery.failedFromMs ?? faultMs));
  const outage = outageBefore(alert, own, { faultMs, recoveryBegunMs });
  const after = wouldFireAfterMs(watched, alert.over.ms, faultMs, outage);
  return after === null ? null : Math.max(faultMs, fromMs) + after;
}

/**
 * Derived from its settings, for a drill does not wait for it. That it sees this kind of outage at all is
 * known only where a health probe of the drill saw it.
 */
function healthCheckRow(evidence: Evidence, moments: DrillTimes): AlertRow[] {
  const { healthCheck } = evidence.strategy.detection;
  if (!healthCheck) return [];
  const { every, misses } = healthCheck;
  const common = {
    alert: 'health-check',
    when: 'health-check',
    severity: null,
    component: null,
    condition: `${misses} misses in a row, asked every ${every.text}`,
  } as const;
  const { faultMs } = moments;
  const bySight = eventsOf(evidence.events, 'detected').some(({ data }) => data.by === 'probe');
  if (faultMs === null || !bySight)
    return [
      {
        ...common,
        ...unknown,
        detail:
          faultMs === null
            ? 'Nothing was broken.'
            : 'A client noticed first: whether a health check sees this outage was not asked.',
      },
    ];
  const worst = every.ms * misses;
  const basis = 'derived from its settings';
  const fired = (detail: string): AlertRow[] => [
    { ...common, ...silent, state: 'fired', firedMs: faultMs + worst, basis, detail },
  ];
  if (!moments.automatic)
    return fired(
      `A health probe of the drill saw the outage: after ${formatDuration(worst)} at the latest it would have fired.`,
    );
  const { impactMs, correctMs } = rightAgainOf(evidence.ledger.loads, moments, evidence.ledger.damage);
  if (impactMs === null || correctMs === null)
    return [{ ...common, ...unknown, detail: 'How long the outage was is not known.' }];
  const outageMs = correctMs - impactMs;
  if (outageMs >= worst)
    return fired(
      `The outage lasted ${formatDuration(outageMs)}: after ${formatDuration(worst)} at the latest it would have fired.`,
    );
  const maybe = outageMs >= every.ms * (misses - 1);
  return [
    {
      ...common,
      ...silent,
      ...(maybe ? { state: 'unknown' } : {}),
      basis,
      detail: maybe
        ? `The outage lasted ${formatDuration(outageMs)}: it depends on when it was asked.`
        : `It would not have fired: the outage lasted ${formatDuration(outageMs)}, and ${misses} misses take ${formatDuration(every.ms * (misses - 1))} at least.`,
    },
  ];
}
