import type { DrillResult } from '../../core/result.ts';
import { alertName, alertText, budgetText } from '../client-view.ts';
import { durationText, figureText, notMeasured } from '../words.ts';
import { html, type Markup } from './markup.ts';
import { section, table } from './tables.ts';

/**
 * The strategy's own thresholds on what clients saw, and what the outage took of the error budget; nothing
 * where it has neither.
 */
export function alerts(result: DrillResult): Markup {
  const { errorBudget } = result;
  if (result.alerts.length === 0 && !errorBudget) return html``;
  const { faultMs } = result.time;
  const rows = result.alerts.map((alert) => [
    html`<b>${alertName(alert)}</b>`,
    alert.condition,
    alert.component ?? '',
    html`<span class="${alert.falseAlarmMs === null ? '' : 'bad'}">${alertText(alert, faultMs)}</span>`,
    html`${alert.detail}<br><span class="soft small">${alert.basis}</span>`,
  ]);
  const budget =
    errorBudget &&
    table(
      [
        { head: 'Error budget', kind: 'nowrap' },
        { head: 'Without service', kind: 'num' },
        { head: 'Until somebody acts', kind: 'num' },
        { head: 'Burnt', kind: 'num' },
        { head: 'Worst case', kind: 'num' },
        { head: 'How it came to be' },
      ],
      [
        [
          html`<b>${durationText(errorBudget.budgetMs)}</b>`,
          durationText(errorBudget.badMs),
          errorBudget.delayMs === 0 ? 'none' : durationText(errorBudget.delayMs),
          figureText(errorBudget.burnt, 'ratio'),
          figureText(errorBudget.worstBurnt, 'ratio'),
          errorBudget.detail,
        ],
      ],
      notMeasured,
    );
  return section(
    'Alerts and error budget',
    budgetText(result),
    html`${
      result.alerts.length > 0 &&
      table(
        [
          { head: 'Alert', kind: 'nowrap' },
          { head: 'Condition' },
          { head: 'Clients of' },
          { head: 'It', kind: 'nowrap' },
          { head: 'Why, and on what basis' },
        ],
        rows,
        notMeasured,
      )
    }${budget}`,
  );
}
