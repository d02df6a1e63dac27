import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { durationText, figureText, momentText, notMeasured } from './words.ts';

type Alert = DrillResult['alerts'][number];

/** What an alert would have done, in a few words. */
export function alertText(alert: Alert, faultMs: number | null): string {
  if (alert.falseAlarmMs !== null) return `false alarm at ${momentText(alert.falseAlarmMs, faultMs)}`;
  if (alert.firedMs !== null) {
    const fires = `fires at ${momentText(alert.firedMs, faultMs)}`;
    return alert.clearedMs === null ? fires : `${fires}, clears at ${momentText(alert.clearedMs, faultMs)}`;
  }
  return alert.state === 'silent' ? 'stays silent' : notMeasured;
}

/** `error-rate (critical)`, unless its name says so. */
export const alertName = ({ alert, severity }: Alert): string =>
  severity === 'critical' && !alert.includes('critical') ? `${alert} (critical)` : alert;

/** Alerts that say the same of the drill are told together: `response-time, health-check stay silent`. */
export function alertsText(result: DrillResult): string[] {
  const told = new Map<string, string[]>();
  for (const alert of result.alerts) {
    const text = alertText(alert, result.time.faultMs);
    told.set(text, [...(told.get(text) ?? []), alertName(alert)]);
  }
  return [...told].map(([text, names]) => `${names.join(', ')}: ${text}`);
}

/** `0.043 % of the error budget of 43 min 12 s (99.9 % over 30 d)`; null where the strategy promises none. */
export function budgetText({ errorBudget }: DrillResult): string | null {
  if (!errorBudget) return null;
  const { target, periodMs, budgetMs, burnt, worstBurnt } = errorBudget;
  const share = figureText(burnt, 'ratio');
  const worst =
    worstBurnt !== null && worstBurnt !== burnt ? `, worst case ${figureText(worstBurnt, 'ratio')},` : '';
  return `${share}${worst} of the error budget of ${durationText(budgetMs)} (${figureText(target, 'ratio')} over ${formatDuration(periodMs)})`;
}
