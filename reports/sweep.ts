import stringWidth from 'string-width';
import type { DrillResult } from '../core/result.ts';
import { worstVerdict, type Verdict } from '../core/verdict.ts';
import { oneLine } from './text.ts';
import { paintOf, verdictPaint, type TerminalOptions } from './terminal.ts';
import { durationText, verdictWords } from './words.ts';

/**
 * The largest of what was measured, and at which moment; the moments at which it was not measured, for one of
 * them may be worse.
 */
export interface Worst {
  ms: number | null;
  at: string | null;
  unmeasured: string[];
}

/** The same drill at several moments. Figures that a drill did not measure are null. */
export interface Sweep {
  scenario: string;
  moments: { at: string; drill: string; verdict: Verdict; rtaMs: number | null; rpaMs: number | null }[];
  /** Asked for and not drilled: interrupted before. */
  missing: string[];
  worst: { rta: Worst; rpa: Worst; verdict: Verdict };
}

/**
 * Puts the drills of one sweep beside each other. A moment that was not drilled keeps the whole from passing.
 */
export function sweepOf(
  scenario: string,
  drilled: readonly { at: string; result: DrillResult }[],
  asked: readonly string[],
): Sweep {
  const moments = drilled.map(({ at, result }) => ({
    at,
    drill: result.drill,
    verdict: result.verdict,
    rtaMs: result.time.rtaMs,
    rpaMs: result.data.rpaMs,
  }));
  const missing = asked.filter((at) => !moments.some((one) => one.at === at));
  const verdict = worstVerdict([
    ...moments.map((one) => one.verdict),
    ...missing.map((): Verdict => 'inconclusive'),
  ]);
  return {
    scenario,
    moments,
    missing,
    worst: { rta: worstOf(moments, (one) => one.rtaMs), rpa: worstOf(moments, (one) => one.rpaMs), verdict },
  };
}

function worstOf<Moment extends { at: string }>(
  moments: readonly Moment[],
  of: (moment: Moment) => number | null,
): Worst {
  const measured = moments.filter((one) => of(one) !== null);
  const unmeasured = moments.filter((one) => of(one) === null).map((one) => one.at);
  if (measured.length === 0) return { ms: null, at: null, unmeasured };
  const worst = measured.reduce((a, b) => (of(b)! > of(a)! ? b : a));
  return { ms: of(worst), at: worst.at, unmeasured };
}

/** A line for each moment, and then the worst of each figure with the moment that causes it. */
export function renderSweep(
  { scenario, moments, missing, worst }: Sweep,
  { color }: Pick<TerminalOptions, 'color'>,
): string {
  const paint = paintOf(color);
  const rows = [
    ['moment', 'RTA', 'RPA', 'verdict'],
    ...moments.map((one) => [
      one.at,
      durationText(one.rtaMs),
      durationText(one.rpaMs),
      `${verdictWords[one.verdict].mark} ${verdictWords[one.verdict].word}`,
    ]),
    ...missing.map((at) => [at, '', '', 'not drilled']),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => stringWidth(row[column]!))));
  const line = (row: string[]): string =>
    `  ${row
      .map((cell, column) => `${cell}${' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell)))}`)
      .join('  ')
      .trimEnd()}`;
  const painted = rows.map((row, i) =>
    i === 0
      ? paint.dim(line(row))
      : moments[i - 1]
        ? verdictPaint(paint, moments[i - 1]!.verdict)(line(row))
        : paint.yellow(line(row)),
  );
  const { word, mark } = verdictWords[worst.verdict];
  const all = moments.length + missing.length;
  const right = moments.filter(({ rtaMs }) => rtaMs !== null).length;
  return [
    `${paint.bold(oneLine(scenario))}: the same drill at ${all} moments`,
    ...painted,
    `  right again: ${right} of ${all}`,
    `  ${tellWorst('RTA', worst.rta)}`,
    `  ${tellWorst('RPA', worst.rpa)}`,
    verdictPaint(paint, worst.verdict).bold(`${mark} ${word}`),
  ].join('\n');
}

function tellWorst(name: string, { ms, at, unmeasured }: Worst): string {
  const open = unmeasured.length > 0 ? `; not measured at ${unmeasured.join(', ')}` : '';
  return `worst ${name}: ${durationText(ms)}${at === null ? '' : `, at ${at}${open}`}`;
}
