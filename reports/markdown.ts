import { textFormat } from '../core/format.ts';
import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { alertName, alertText, budgetText } from './client-view.ts';
import { dataTexts, identityTexts, keyFigures, operationsText } from './figures.ts';
import { objectiveBar } from './objective-bar.ts';
import { escapeMarkdown } from './text.ts';
import { waterfallRows } from './waterfall-rows.ts';
import {
  comparisonText,
  durationText,
  evidenceText,
  gravestFirst,
  knownBadTexts,
  momentText,
  notMeasured,
  reasonText,
  scoreText,
  tallyText,
  verdictWords,
} from './words.ts';

const icons = { pass: '✅', fail: '❌', inconclusive: '❔' };
const badge = (verdict: keyof typeof icons): string =>
  `${icons[verdict]} ${verdictWords[verdict].word.toLowerCase()}`;

/** A table, or what to say where it has no rows. Cells are Markdown already. */
function table(heads: string[], rows: string[][], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

const fold = (summary: string, body: string): string =>
  `<details><summary>${summary}</summary>\n\n${body}\n</details>\n`;

function objectives(result: DrillResult): string {
  const rows = result.objectives.map((objective) => {
    const { margin, resolution } = objectiveBar(objective, result.time);
    return [
      `${objective.kind.toUpperCase()} ${escapeMarkdown(objective.component)}`,
      formatDuration(objective.objectiveMs),
      `**${durationText(objective.actualMs)}**`,
      durationText(objective.worstMs),
      margin,
      `${escapeMarkdown(objective.basis)}${resolution ? `; ${resolution}` : ''}`,
      badge(objective.verdict),
    ];
  });
  return table(
    ['', 'objective', 'actual', 'worst case', 'margin', 'basis', 'verdict'],
    rows,
    'No objective was judged.',
  );
}

const findingLine = (finding: DrillResult['findings'][number]): string => {
  const figure = comparisonText(finding);
  const title = `**${escapeMarkdown(finding.title)}**${finding.gate ? ' (gate)' : ''}`;
  const source = [
    ...(figure ? [figure] : []),
    escapeMarkdown(finding.basis),
    `events ${evidenceText(finding.evidence)}`,
    escapeMarkdown(finding.id),
  ].join('; ');
  return `- ${badge(finding.verdict)} ${title}: ${escapeMarkdown(finding.detail)} *${source}*`;
};

function findings(result: DrillResult): string {
  const sorted = gravestFirst(result.findings);
  const open = sorted.filter((finding) => finding.verdict !== 'pass');
  const passed = sorted.filter((finding) => finding.verdict === 'pass');
  const rest = passed.length
    ? fold(`${passed.length} findings passed`, `${passed.map(findingLine).join('\n')}\n`)
    : '';
  const none = result.findings.length ? 'Every finding passed.\n' : 'Nothing was judged.\n';
  return `${open.length ? `${open.map(findingLine).join('\n')}\n` : none}\n${rest}`;
}

function losses(result: DrillResult): string {
  const rows = result.loads.map((load) => {
    const { lost, neverAllowed } = dataTexts(load);
    return [escapeMarkdown(load.load), escapeMarkdown(load.target), lost, neverAllowed, operationsText(load)];
  });
  return table(
    ['load', 'target', 'lost', 'never allowed', 'operations as the client saw them'],
    rows,
    `Losses: ${notMeasured}.`,
  );
}

/** What each found is among the findings. */
function checks(result: DrillResult): string {
  const rows = result.checks.map(({ check, component, verdict, knownBad }) => {
    const { fails, by } = knownBadTexts(knownBad);
    return [
      escapeMarkdown(check),
      escapeMarkdown(component ?? ''),
      badge(verdict),
      escapeMarkdown(fails) + (by === null ? '' : `, by ${escapeMarkdown(by)}`),
    ];
  });
  return table(['check', 'of', 'verdict', 'seen to fail where'], rows, 'No check was run.');
}

/** Nothing where the strategy has neither alerts nor a target. */
function alerts(result: DrillResult): string[] {
  const budget = budgetText(result);
  if (result.alerts.length === 0 && budget === null) return [];
  const rows = result.alerts.map((alert) => [
    escapeMarkdown(alertName(alert)),
    escapeMarkdown(alert.condition),
    escapeMarkdown(alert.component ?? ''),
    `**${alertText(alert, result.time.faultMs)}**`,
    escapeMarkdown(alert.basis),
  ]);
  const judged = table(['alert', 'condition', 'clients of', 'it', 'basis'], rows, '');
  const burnt = budget === null ? '' : `\nThis outage burns ${escapeMarkdown(budget)}.\n`;
  return [`#### Alerts and error budget\n\n${judged}${burnt}`];
}

function waterfall(result: DrillResult): string {
  const { time } = result;
  const totalMs = result.waterfall.reduce((total, { beginMs, endMs }) => total + endMs - beginMs, 0);
  const rows = waterfallRows(result.waterfall).map(({ stage, what, stretches, tookMs }) => [
    stage,
    escapeMarkdown(what),
    momentText(stretches[0]!.beginMs, time.faultMs),
    formatDuration(tookMs),
  ]);
  if (rows.length) rows.push(['**sum**', 'from the fault on', '', `**${formatDuration(totalMs)}**`]);
  return table(['stage', 'what', 'from', 'took'], rows, `Where the time went: ${notMeasured}.`);
}

/** For a GitHub job summary: well under its limit of 1 MiB, for lists of a drill are short. */
function render(result: DrillResult): string {
  const word = verdictWords[result.verdict].word;
  const identity = [
    ...identityTexts(result).map(escapeMarkdown),
    scoreText(result.score),
    `findings: ${tallyText(result.findings)}`,
  ];
  const sections = [
    `### ${icons[result.verdict]} ${word}: ${escapeMarkdown(result.title)}`,
    `**${escapeMarkdown(reasonText(result))}**`,
    identity.join(' · '),
    `#### Promised and measured\n\n${objectives(result)}`,
    `#### Findings\n\n${findings(result)}`,
    `#### Checks, and what shows that they can fail\n\n${checks(result)}`,
    `#### Data\n\n${losses(result)}`,
    ...alerts(result),
    `#### Where the time went\n\n${waterfall(result)}`,
    fold(
      'All figures',
      table(
        ['figure', 'value', 'basis'],
        keyFigures(result).map(({ name, value, basis }) => [
          escapeMarkdown(name),
          escapeMarkdown(value),
          escapeMarkdown(basis),
        ]),
        notMeasured,
      ),
    ),
    ...(result.notes.length > 0
      ? [
          fold(
            `${result.notes.length} notes`,
            result.notes.map(({ text }) => `- ${escapeMarkdown(text)}`).join('\n'),
          ),
        ]
      : []),
    `#### What this drill does not show\n\n${result.limitations.map((limit) => `- ${escapeMarkdown(limit)}`).join('\n') || 'Nothing was stated.'}`,
  ];
  return `${sections.join('\n\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

export const markdown = textFormat({
  about: 'Summary for a pull request or a GitHub job',
  file: 'summary.md',
  text: render,
});
