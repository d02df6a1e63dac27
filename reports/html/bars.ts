import type { DrillResult } from '../../core/result.ts';
import { formatDuration } from '../../core/units.ts';
import { objectiveBar, type Basis, type ObjectiveBar } from '../objective-bar.ts';
import { durationText, notMeasured, verdictWords } from '../words.ts';
import { html, percent, type Markup } from './markup.ts';

const patternOf: Record<Exclude<Basis, 'measured'>, string> = {
  derived: 'hatch',
  declared: 'dots',
  'worst case': 'weave',
};
const fill = (basis: Basis, missed: boolean): Markup =>
  basis === 'measured'
    ? html`class="measured"`
    : html`fill="url(#${patternOf[basis]}${missed ? '-missed' : ''})"`;

/** Patterns for what was not measured, told apart in black and white as well; in two colours. Once a page. */
export const patterns: Markup = html`<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>${[
  '',
  '-missed',
].map(
  (kind) => html`
<pattern id="hatch${kind}" class="kind${kind}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="ground" width="6" height="6"/><path class="line" d="M0 0V6"/></pattern>
<pattern id="dots${kind}" class="kind${kind}" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="ground" width="6" height="6"/><circle class="dot" cx="3" cy="3" r="1.3"/></pattern>
<pattern id="weave${kind}" class="kind${kind}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="ground" width="6" height="6"/><path class="line" d="M0 0V6"/></pattern>`,
)}
</defs></svg>`;

const swatch = (basis: Basis, missed: boolean): Markup =>
  html`<svg class="swatch" style="width:18px" height="10" aria-hidden="true"><rect width="18" height="10" ${fill(basis, missed)}/></svg>`;

function drawing({ objective, segments, scaleMs }: ObjectiveBar): Markup {
  let at = 0;
  const width = (ms: number): number => (100 * ms) / scaleMs;
  const missed = objective.verdict === 'fail';
  const rects = segments.map(({ basis, ms }) => {
    const x = at;
    at += width(ms);
    return html`<rect x="${percent(x)}" y="4" width="${percent(width(ms))}" height="18" ${fill(basis, missed)}/>`;
  });
  const mark = percent(width(objective.objectiveMs));
  const unknown =
    segments.length === 0 &&
    html`<rect class="unknown" x="0.5" y="4.5" width="${mark}" height="17"/><text class="soft" x="8" y="17">${notMeasured}</text>`;
  return html`<svg class="bar" height="26" role="img" aria-label="${durationText(objective.actualMs)} of ${formatDuration(objective.objectiveMs)}"><rect class="track" y="12.5" width="100%" height="1"/>${rects}${unknown}<line class="mark" x1="${mark}" x2="${mark}" y1="0" y2="26"/></svg>`;
}

/**
 * Actual beside objective: measured is solid, what was added to it is patterned and named, the promise is the
 * upright line.
 */
export function objectiveRow(
  objective: DrillResult['objectives'][number],
  time: DrillResult['time'],
): Markup {
  const bar = objectiveBar(objective, time);
  const { word, mark } = verdictWords[objective.verdict];
  const missed = objective.verdict === 'fail';
  const facts = bar.segments.length
    ? bar.segments.map(({ basis, what }) => html`<span>${swatch(basis, missed)}<b>${what}</b></span>`)
    : html`<span><b>${objective.kind === 'rto' ? 'RTA' : 'RPA'} ${notMeasured}</b></span>`;
  return html`<div class="objective${missed ? ' missed' : ''}"><div class="name">${bar.name}</div>${drawing(bar)}<div class="chip ${objective.verdict}">${mark} ${word}</div>
<div class="figures">${facts}<span>│ objective <b>${formatDuration(objective.objectiveMs)}</b></span><span>${bar.margin}</span><span>basis: ${objective.basis}</span>${bar.resolution && html`<span>${bar.resolution}</span>`}</div></div>
`;
}
