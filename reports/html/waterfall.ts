import type { DrillResult } from '../../core/result.ts';
import { formatDuration } from '../../core/units.ts';
import { waterfallRows } from '../waterfall-rows.ts';
import { momentText, notMeasured } from '../words.ts';
import { html, percent, type Markup } from './markup.ts';
import { section, table } from './tables.ts';

/** A stretch that took any time at all is never shown as nothing. */
const shareText = (share: number): string =>
  share > 0 && share < 0.05 ? '< 0.1 %' : `${share.toFixed(1)} %`;

export function waterfall(result: DrillResult): Markup {
  const { faultMs } = result.time;
  const beginMs = Math.min(...result.waterfall.map((stretch) => stretch.beginMs));
  const spanMs = Math.max(...result.waterfall.map((stretch) => stretch.endMs)) - beginMs || 1;
  const totalMs = result.waterfall.reduce((total, stretch) => total + stretch.endMs - stretch.beginMs, 0);
  const bar = (stage: string, from: number, endMs: number): Markup =>
    html`<rect class="${stage === 'verify' ? 'span' : 'measured'}" x="${percent((100 * (from - beginMs)) / spanMs)}" y="2" width="${percent(Math.max(0.3, (100 * (endMs - from)) / spanMs))}" height="10"/>`;
  const rows = waterfallRows(result.waterfall).map(({ stage, what, stretches, tookMs }) => [
    stage,
    what,
    html`<svg height="14" style="min-width:180px" aria-hidden="true">${stretches.map((one) => bar(stage, one.beginMs, one.endMs))}</svg>`,
    momentText(stretches[0]!.beginMs, faultMs),
    formatDuration(tookMs),
    shareText((100 * tookMs) / spanMs),
  ]);
  return section(
    'Where the time went',
    result.time.verifiedMs === null ? 'from the fault on' : 'from the fault until everything was verified',
    table(
      [
        { head: 'Stage' },
        { head: 'What' },
        { head: '' },
        { head: 'From', kind: 'num' },
        { head: 'Took', kind: 'num' },
        { head: 'Share', kind: 'num' },
      ],
      rows,
      `The stages of recovery: ${notMeasured}.`,
      ['sum', '', '', '', formatDuration(totalMs), ''],
    ),
  );
}
