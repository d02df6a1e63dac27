import type { DrillResult } from '../core/result.ts';
import { verdictPaint, type TerminalOptions } from '../reports/terminal.ts';
import { verdictWords } from '../reports/words.ts';
import { chalkFor, hasColor, short } from './output.ts';

export const optionsFor = (stream: NodeJS.WriteStream): TerminalOptions => ({
  color: hasColor(stream),
  width: stream.columns || 80,
});

/**
 * The verdict once more, where the eye is when a long summary has scrolled by, and where the whole report
 * lies if there is one.
 */
export function lastLine(result: DrillResult, report: string | null): string {
  const { word, mark } = verdictWords[result.verdict];
  const broken = result.outcome === 'completed' ? '' : ` (${result.outcome})`;
  const verdict = verdictPaint(chalkFor(process.stdout), result.verdict).bold(`${mark} ${word}${broken}`);
  return report === null ? verdict : `${verdict}  report: ${short(report)}`;
}
