import type { Format } from '../core/format.ts';
import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { dataTexts, headline, identityTexts, operationsText } from './figures.ts';
import { objectiveBar } from './objective-bar.ts';
import { inner, loadLibraries, onePage, sheet, type Colour, type Page, type Setting } from './pdf/page.ts';
import {
  comparisonText,
  durationText,
  evidenceText,
  gravestFirst,
  notMeasured,
  plural,
  reasonText,
  scoreText,
  tallyText,
  verdictWords,
} from './words.ts';

/** Room at the foot of the page, in points. */
const foot = 34;
const gap = 10;

function heading(page: Page, text: string): void {
  page.y += gap;
  page.y += page.text(text, { size: 10, weight: 'bold' }) + 3;
}

interface Column {
  /** Share of the page's width. */
  share: number;
  text: string;
  setting?: Setting;
}

/** Cells side by side, as high as the highest of them. */
function row(page: Page, columns: Column[]): void {
  let x = sheet.margin;
  let height = 0;
  for (const { share, text, setting } of columns) {
    const width = share * inner;
    height = Math.max(height, page.text(text, { size: 7.5, ...setting, x, width: width - 6 }));
    x += width;
  }
  page.y += height + 2.5;
}

/**
 * As many rows as there is room for. What had none is counted: it stands in the other reports of the bundle.
 * `room` is kept free for what comes below.
 */
function rows<Row>(page: Page, all: readonly Row[], room: number, draw: (one: Row) => void): void {
  let drawn = 0;
  while (drawn < all.length && page.left(foot + room) > 34) {
    draw(all[drawn]!);
    drawn += 1;
  }
  if (drawn < all.length)
    page.y +=
      page.text(`and ${plural(all.length - drawn, 'more row')} in report.html`, { colour: 'soft' }) + 2;
}

function top(page: Page, result: DrillResult): void {
  const { word, mark } = verdictWords[result.verdict];
  const height = 66;
  page.rectangle(sheet.margin, page.y, inner, height, `${result.verdict}Ground`);
  page.rectangle(sheet.margin, page.y, 4, height, result.verdict);
  const inside = { x: sheet.margin + 14, width: inner - 24 };
  page.y += 8;
  page.y += page.text(`${mark} ${word}: ${result.title}`, {
    ...inside,
    size: 13,
    weight: 'bold',
    colour: result.verdict,
  });
  page.y += 3;
  page.text(reasonText(result), { ...inside, size: 8, lines: 3 });
  page.y = sheet.margin + height + 6;
  page.y += page.text(identityTexts(result).join(' · '), { size: 7, colour: 'soft', lines: 2 });
}

function figures(page: Page, result: DrillResult): void {
  const { rta, rpa, lost, wrong } = headline(result);
  const four = [
    ['RTA, fault to correct', rta],
    ['RPA, writes that are gone', rpa],
    ['lost', lost],
    ['wrong', wrong],
  ] as const;
  page.y += gap;
  row(
    page,
    four.map(([name]) => ({ share: 0.25, text: name, setting: { size: 7, colour: 'soft' as const } })),
  );
  row(
    page,
    four.map(([, text]) => ({ share: 0.25, text, setting: { size: 10, weight: 'bold' as const, lines: 2 } })),
  );
  row(page, [
    { share: 0.5, text: scoreText(result.score) },
    { share: 0.5, text: `findings: ${tallyText(result.findings)}` },
  ]);
}

/** What was measured in one piece, what is added to it, and the objective as a mark. */
function bar(page: Page, x: number, width: number, one: ReturnType<typeof objectiveBar>): void {
  const scale = width / one.scaleMs;
  page.rectangle(x, page.y + 2, width, 5, 'grid');
  let at = x;
  for (const { basis, ms } of one.segments) {
    const missed = one.objective.verdict === 'fail';
    const colour: Colour = basis === 'measured' ? (missed ? 'fail' : 'accent') : 'soft';
    page.rectangle(at, page.y + 2, ms * scale, 5, colour);
    at += ms * scale;
  }
  page.rectangle(x + one.objective.objectiveMs * scale, page.y - 1, 1.2, 11, 'ink');
}

function objectives(page: Page, result: DrillResult): void {
  heading(page, 'Promised and measured');
  if (result.objectives.length === 0) page.y += page.text('No objective was judged.', { colour: 'soft' });
  rows(page, result.objectives, 300, (objective) => {
    const one = objectiveBar(objective, result.time);
    bar(page, sheet.margin + 0.72 * inner, 0.28 * inner, one);
    row(page, [
      { share: 0.24, text: one.name, setting: { weight: 'bold' } },
      {
        share: 0.34,
        text: `${durationText(objective.actualMs)} of ${formatDuration(objective.objectiveMs)}, worst case ${durationText(objective.worstMs)}`,
        setting: { lines: 2 },
      },
      {
        share: 0.14,
        text: verdictWords[objective.verdict].word,
        setting: { weight: 'bold', size: 7, colour: objective.verdict },
      },
    ]);
    page.y += page.text(`${objective.basis}; ${one.margin}`, { size: 6.5, colour: 'soft' }) + 4;
  });
}

function losses(page: Page, result: DrillResult): void {
  heading(page, 'Data, as clients wrote it and read it back');
  if (result.loads.length === 0) page.y += page.text(`Losses: ${notMeasured}.`, { colour: 'soft' });
  rows(page, result.loads, 200, (load) => {
    const { lost, neverAllowed } = dataTexts(load);
    row(page, [
      { share: 0.24, text: `${load.load} (${load.target})`, setting: { weight: 'bold' } },
      {
        share: 0.44,
        text: `${lost}; ${neverAllowed}`,
        setting: { lines: 2 },
      },
      {
        share: 0.32,
        text: operationsText(load),
        setting: { lines: 2 },
      },
    ]);
  });
}

function findings(page: Page, result: DrillResult): void {
  heading(page, 'Findings, the gravest first');
  if (result.findings.length === 0) page.y += page.text('Nothing was judged.', { colour: 'soft' });
  rows(page, gravestFirst(result.findings), 78, (finding) => {
    const figure = comparisonText(finding);
    row(page, [
      {
        share: 0.16,
        text: verdictWords[finding.verdict].word,
        setting: { weight: 'bold', size: 7, colour: finding.verdict },
      },
      {
        share: 0.84,
        text: `${finding.title}${finding.gate ? ' (gate)' : ''}: ${finding.detail} [${figure ? `${figure}; ` : ''}events ${evidenceText(finding.evidence)}]`,
        setting: { lines: finding.verdict === 'pass' ? 1 : 3 },
      },
    ]);
  });
}

function limits(page: Page, result: DrillResult): void {
  heading(page, 'What this drill does not show');
  if (result.limitations.length === 0) page.y += page.text('Nothing was stated.', { colour: 'soft' });
  rows(page, result.limitations, 0, (limit) => {
    page.y += page.text(`– ${limit}`, { size: 7, lines: 2 }) + 1.5;
  });
}

function bottom(page: Page, result: DrillResult): void {
  page.y = sheet.height - sheet.margin - 18;
  page.rectangle(sheet.margin, page.y - 4, inner, 0.6, 'rule');
  page.text(
    `Muster ${result.muster}, seed ${result.seed}. Each figure is made again from the events and the ledger beside this file: muster report <bundle>.`,
    { size: 6.5, colour: 'soft', lines: 2 },
  );
}

/** One page of A4 for a file of audits: what the HTML report says first. */
export const pdf: Format = {
  about: 'One page to print or to file: verdict, objectives, losses and findings',
  file: 'report.pdf',
  load: loadLibraries,
  render: (result) =>
    onePage(
      { title: `${verdictWords[result.verdict].word}: ${result.title}`, madeAt: new Date(result.begunUtc) },
      (page) => {
        for (const part of [top, figures, objectives, losses, findings, limits, bottom]) part(page, result);
      },
    ),
};
