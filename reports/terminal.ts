import { Chalk, type ChalkInstance } from 'chalk';
import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { worstVerdict, type Verdict } from '../core/verdict.ts';
import { alertsText, budgetText } from './client-view.ts';
import { headline, lossText, neverAllowedText } from './figures.ts';
import { objectiveBar, type Basis, type ObjectiveBar } from './objective-bar.ts';
import { oneLine } from './text.ts';
import {
  comparisonText,
  durationText,
  evidenceText,
  gravestFirst,
  isFinished,
  notMeasured,
  plural,
  reasonText,
  scoreText,
  tallyText,
  timeScaleText,
  verdictWords,
} from './words.ts';

export interface TerminalOptions {
  color: boolean;
  width: number;
}

const glyphs: Record<Basis, string> = { measured: '█', derived: '▒', declared: '░', 'worst case': '▒' };
const nameWidth = 14;

/** Only the sixteen colours of the terminal's own theme: they are readable on any background. */
export const paintOf = (color: boolean): ChalkInstance => new Chalk({ level: color ? 1 : 0 });
export const verdictPaint = (paint: ChalkInstance, verdict: Verdict): ChalkInstance =>
  ({ pass: paint.green, fail: paint.red, inconclusive: paint.yellow })[verdict];

/** Cut to a width in columns, wide characters counted as two. */
export const fit = (text: string, width: number): string =>
  stringWidth(text) <= width ? text : `${sliceAnsi(text, 0, Math.max(0, width - 1))}…`;
const pad = (text: string, width: number): string =>
  `${fit(text, width)}${' '.repeat(Math.max(0, width - stringWidth(text)))}`;

/** A figure and its unit stay on one line. */
const tied = (text: string): string =>
  text.replace(/(?<=\d) (?=(?:ms|s|min|h|d|B|[KMGT]iB|\d{3})\b)|(?<=\d (?:min|h)) (?=\d)/g, '\u00a0');

/**
 * Words wrapped into what is left of the width, each line indented; a long word is broken rather than let
 * over the edge.
 */
const wrapped = (text: string, indent: number, width: number): string[] =>
  wrapAnsi(tied(text), Math.max(20, width - indent), { hard: true })
    .split('\n')
    .map((line) => ' '.repeat(indent) + line.replaceAll('\u00a0', ' '));

function drawing(
  { segments, scaleMs, objective }: ObjectiveBar,
  columns: number,
  paint: ChalkInstance,
): string {
  const column = (ms: number): number => Math.min(columns - 1, Math.round((columns * ms) / scaleMs));
  const mark = column(objective.objectiveMs);
  const cells = Array.from({ length: columns }, () => paint.dim('─'));
  let atMs = 0;
  for (const { basis, ms } of segments) {
    const from = column(atMs);
    atMs += ms;
    // What is more than nothing shows, however small on this scale.
    const to = ms > 0 ? Math.max(from + 1, column(atMs)) : from;
    cells.fill(
      (objective.verdict === 'fail' ? paint.red : paint.cyan)(glyphs[basis]),
      from,
      Math.min(to, columns),
    );
  }
  if (segments.length === 0)
    for (const [index, letter] of [...` ${notMeasured} `].entries())
      if (index + 1 < mark) cells[index + 1] = paint.dim(letter);
  cells[mark] = paint.bold('│');
  return cells.join('');
}

function objectiveLines(
  result: DrillResult,
  objective: DrillResult['objectives'][number],
  paint: ChalkInstance,
  width: number,
): string[] {
  const bar = objectiveBar(objective, result.time);
  const { verdict } = objective;
  const columns = Math.max(16, Math.min(60, width - nameWidth - 4 - 16));
  const { word, mark } = verdictWords[verdict];
  const name = paint.bold(pad(oneLine(bar.name), nameWidth));
  const judged = verdictPaint(paint, verdict)(`${mark} ${word}`);
  const lead = `  ${name} ${drawing(bar, columns, paint)}  ${judged}`;
  const resolution = bar.resolution ? ` (${bar.resolution})` : '';
  const actual = `${objective.kind === 'rto' ? 'RTA' : 'RPA'} ${durationText(objective.actualMs)}${resolution}`;
  const worst =
    objective.worstMs !== null && objective.worstMs !== objective.actualMs
      ? `, worst case ${formatDuration(objective.worstMs)}`
      : '';
  const parts = bar.segments
    .filter(({ basis }) => basis !== 'measured')
    .map(({ basis, what }) => `${glyphs[basis]} ${what}`);
  return [
    lead,
    ...wrapped(
      `${actual}${worst}, objective ${formatDuration(objective.objectiveMs)}: ${bar.margin}`,
      nameWidth + 3,
      width,
    ),
    ...wrapped(paint.dim([`basis: ${oneLine(objective.basis)}`, ...parts].join('  ')), nameWidth + 3, width),
  ];
}

function findingLines(
  finding: DrillResult['findings'][number],
  paint: ChalkInstance,
  width: number,
): string[] {
  const { mark } = verdictWords[finding.verdict];
  const figure = comparisonText(finding);
  const [first = '', ...rest] = wrapped(
    `${oneLine(finding.title)}${finding.gate ? ' (gate)' : ''}`,
    4,
    width,
  );
  return [
    `  ${verdictPaint(paint, finding.verdict)(mark)} ${paint.bold(first.slice(4))}`,
    ...rest.map((line) => paint.bold(line)),
    ...wrapped(oneLine(finding.detail), 4, width),
    ...wrapped(
      paint.dim(
        [
          ...(figure ? [figure] : []),
          `basis: ${oneLine(finding.basis)}`,
          `events ${evidenceText(finding.evidence)}`,
          oneLine(finding.id),
        ].join(' · '),
      ),
      4,
      width,
    ),
  ];
}

const labelled = (label: string, text: string, paint: ChalkInstance, width: number): string[] => {
  const [first = '', ...rest] = wrapped(text, nameWidth + 3, width);
  return [`  ${paint.dim(pad(label, nameWidth))} ${first.slice(nameWidth + 3)}`, ...rest];
};

function dataLines(result: DrillResult, paint: ChalkInstance, width: number): string[] {
  const { time, data } = result;
  const figures = [
    `outage ${durationText(time.outageMs)}`,
    `restore only ${durationText(time.restoreOnlyMs)} (not RTO)`,
    `unavailable ${result.unavailableSeconds === null ? notMeasured : formatDuration(result.unavailableSeconds * 1000)}`,
  ];
  const loads = result.loads.filter((load) => load.kind === 'data');
  const budget = budgetText(result);
  return [
    ...labelled('Time', figures.join(', '), paint, width),
    ...(loads.length === 0 ? labelled('Lost writes', notMeasured, paint, width) : []),
    ...loads.flatMap((load, index) =>
      labelled(
        index === 0 ? 'Lost writes' : '',
        `${oneLine(load.load)}: ${lossText(load)}; ${neverAllowedText(load)}`,
        paint,
        width,
      ),
    ),
    ...(data.newestSurvivorMs === null
      ? []
      : labelled(
          '',
          `newest write that survived: ${survivorText(data.newestSurvivorMs, time.faultMs)}`,
          paint,
          width,
        )),
    ...alertsText(result).flatMap((text, index) =>
      labelled(index === 0 ? 'Alerts' : '', oneLine(text), paint, width),
    ),
    ...(budget === null ? [] : labelled('Error budget', budget, paint, width)),
  ];
}

function survivorText(atMs: number, faultMs: number | null): string {
  if (faultMs === null) return formatDuration(atMs);
  return `${formatDuration(Math.abs(faultMs - atMs))} ${atMs <= faultMs ? 'before' : 'after'} the fault`;
}

function scoreLine({ score }: DrillResult): string {
  const failed = score.gates.length ? `; gates that failed: ${score.gates.map(oneLine).join(', ')}` : '';
  return `${scoreText(score)}${failed}`;
}

/**
 * The scored summary of one drill for a terminal, readable from 60 columns on; without a newline at its end.
 */
export function renderSummary(result: DrillResult, { color, width }: TerminalOptions): string {
  const paint = paintOf(color);
  const { word, mark } = verdictWords[result.verdict];
  const tag = `${mark} ${word}`;
  const indent = stringWidth(tag) + 2;
  const [title = '', ...more] = wrapped(oneLine(result.title), indent, width);
  const identity = [
    oneLine(result.scenario),
    `drill ${oneLine(result.drill)}`,
    formatDuration(result.durationMs),
    timeScaleText(result.timeScale),
    ...(isFinished(result) ? [] : [result.outcome]),
  ];
  const open = gravestFirst(result.findings).filter(
    (finding) => finding.verdict !== 'pass' || isOfRestored(result, finding),
  );
  return [
    `${verdictPaint(paint, result.verdict).bold(tag)}  ${paint.bold(title.slice(indent))}`,
    ...more.map((line) => paint.bold(line)),
    ...wrapped(oneLine(reasonText(result)), indent, width),
    ...wrapped(paint.dim(identity.join(' · ')), indent, width),
    '',
    ...(result.objectives.length
      ? result.objectives.flatMap((objective) => objectiveLines(result, objective, paint, width))
      : [`  ${paint.dim('No objective was judged.')}`]),
    '',
    ...dataLines(result, paint, width),
    ...labelled('Score', scoreLine(result), paint, width),
    ...labelled('Findings', tallyText(result.findings), paint, width),
    ...(open.length ? ['', ...open.flatMap((finding) => findingLines(finding, paint, width))] : []),
    '',
    ...result.notes.flatMap(({ text }, index) =>
      labelled(index === 0 ? 'Noted' : '', oneLine(text), paint, width),
    ),
    ...result.limitations.flatMap((limit, index) =>
      labelled(index === 0 ? 'Does not show' : '', oneLine(limit), paint, width),
    ),
  ].join('\n');
}

/** Of a restore test, in which nothing is broken and no objective judged, what came back is the result. */
const isOfRestored = ({ findings }: DrillResult, { id }: DrillResult['findings'][number]): boolean =>
  /^(restored$|existing\/|check\/)/.test(id) && findings.some((one) => one.id === 'restored');

function overviewLines(result: DrillResult, paint: ChalkInstance, width: number): string[] {
  const { word, mark } = verdictWords[result.verdict];
  const judged = verdictPaint(paint, result.verdict)(pad(`${mark} ${word}`, nameWidth));
  const lead = `  ${judged} ${paint.bold(fit(oneLine(result.scenario), width - nameWidth - 3))}`;
  const objectives = result.objectives.flatMap((objective) => {
    const bar = objectiveBar(objective, result.time);
    const actual = `${objective.kind === 'rto' ? 'RTA' : 'RPA'} ${durationText(objective.actualMs)}`;
    return wrapped(
      `${verdictWords[objective.verdict].mark} ${oneLine(bar.name)}: ${actual}, objective ${formatDuration(objective.objectiveMs)}; ${bar.margin}`,
      nameWidth + 3,
      width,
    );
  });
  const why = result.verdict === 'pass' ? [] : wrapped(oneLine(reasonText(result)), nameWidth + 3, width);
  return [
    lead,
    ...why,
    ...objectives,
    ...wrapped(paint.dim(`lost: ${headline(result).lost}; ${scoreText(result.score)}`), nameWidth + 3, width),
  ];
}

/** Several drills at a glance, gravest verdict in the last line. No drill at all is inconclusive. */
export function renderOverview(results: readonly DrillResult[], { color, width }: TerminalOptions): string {
  const paint = paintOf(color);
  const verdict = worstVerdict(results.map((result) => result.verdict));
  const count = (one: Verdict): number => results.filter((result) => result.verdict === one).length;
  const tally = `${plural(results.length, 'drill')}: ${count('pass')} passed, ${count('fail')} failed, ${count('inconclusive')} inconclusive`;
  const { word, mark } = verdictWords[verdict];
  const judged = verdictPaint(paint, verdict).bold(`${mark} ${word}`);
  return [
    ...results.flatMap((result) => overviewLines(result, paint, width)),
    '',
    `${judged}  ${results.length ? tally : 'no drill was run, so nothing is proven'}`,
  ].join('\n');
}
