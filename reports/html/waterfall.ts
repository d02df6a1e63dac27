import type { DrillResult } from '../../core/result.ts';
import { formatDuration } from '../../core/units.ts';
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
  const rows = result.waterfall.map(({ stage, what, beginMs: from, endMs }) => [
    stage,
    what,
    html`<svg height="14" style="min-width:180px" aria-hidden="true"><rect class="${stage === 'verify' ? 'span' : 'measured'}" x="${percent((100 * (from - beginMs)) / spanMs)}" y="2" width="${percent(Math.max(0.3, (100 * (endMs - from)) / spanMs))}" height="10"/></svg>`,
    momentText(from, faultMs),
    formatDuration(endMs - from),
    shareText((100 * (endMs - from)) / spanMs),
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
