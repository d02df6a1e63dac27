import type { DrillResult } from '../../core/result.ts';
import { formatCount } from '../../core/units.ts';
import { html, number, percent, type Markup } from './markup.ts';
import type { Frame } from './frame.ts';

type Series = DrillResult['series'][number];
interface Column {
  fromMs: number;
  toMs: number;
  right: number;
  failed: number;
}

const columnsMax = 300;
const height = 84;

/**
 * Operations per second in at most 300 columns; buckets are added up, so that no failure is lost to thinning.
 */
export function columnsOf(series: Series, beginMs: number, endMs: number): Column[] {
  const { bucketMs, startMs, right, failed } = series;
  const first = Math.max(0, Math.floor((beginMs - startMs) / bucketMs));
  const last = Math.min(right.length, Math.ceil((endMs - startMs) / bucketMs));
  const step = Math.max(1, Math.ceil((last - first) / columnsMax));
  const columns: Column[] = [];
  for (let index = first; index < last; index += step) {
    const end = Math.min(last, index + step);
    const seconds = ((end - index) * bucketMs) / 1000;
    const sum = (counts: number[]): number =>
      counts.slice(index, end).reduce((total, count) => total + count, 0);
    columns.push({
      fromMs: startMs + index * bucketMs,
      toMs: startMs + end * bucketMs,
      right: sum(right) / seconds,
      failed: sum(failed) / seconds,
    });
  }
  return columns;
}

/**
 * Columns that follow each other and are not nought: a line along the base would look like a little of
 * something.
 */
function runsOf(columns: Column[], value: (column: Column) => number): Column[][] {
  const runs: Column[][] = [];
  columns.forEach((column, index) => {
    if (value(column) <= 0) return;
    if (index > 0 && value(columns[index - 1]!) > 0) runs.at(-1)!.push(column);
    else runs.push([column]);
  });
  return runs;
}

const path = (
  columns: Column[],
  frame: Frame,
  value: (column: Column) => number,
  base: number,
  scale: number,
): string =>
  runsOf(columns, value)
    .map((run) => {
      const steps = run.map(
        (column) =>
          `L${number(frame.x(column.fromMs) * 10)} ${number(base - value(column) * scale)}H${number(frame.x(column.toMs) * 10)}`,
      );
      return `M${number(frame.x(run[0]!.fromMs) * 10)} ${base}${steps.join('')}V${base}Z`;
    })
    .join('');

function draw(
  columns: Column[],
  frame: Frame,
  top: number,
  peaks: { right: number; failed: number },
): Markup {
  const whole = height - 16;
  const scale = whole / Math.max(peaks.right + peaks.failed, 1);
  const base = Number((peaks.right * scale || whole / 2).toFixed(2));
  const right = path(columns, frame, (column) => column.right, base, scale);
  const failed =
    peaks.failed > 0 &&
    html`<path class="failed" vector-effect="non-scaling-stroke" d="${path(columns, frame, (column) => column.failed, base, -scale)}"/>`;
  return html`<svg x="0" y="${top}" width="100%" height="${whole}" viewBox="0 0 1000 ${whole}" preserveAspectRatio="none"><path class="right" vector-effect="non-scaling-stroke" d="${right}"/>${failed}</svg><line class="base" x1="${percent(0)}" x2="${percent(100)}" y1="${top + base}" y2="${top + base}"/>`;
}

/**
 * A lane for each load: right operations per second above the line, failed and wrong ones below, on one
 * scale.
 */
export function areas(
  result: DrillResult,
  frame: Frame,
): { height: number; label: string; note: string; draw: (top: number) => Markup }[] {
  return result.series.flatMap((series) => {
    const columns = columnsOf(series, frame.beginMs, frame.endMs);
    if (columns.length === 0) return [];
    const peaks = {
      right: Math.max(...columns.map((column) => column.right)),
      failed: Math.max(...columns.map((column) => column.failed)),
    };
    return [
      {
        height,
        label: series.load,
        note: `${formatCount(peaks.right)}/s right, ${formatCount(peaks.failed)}/s failed at most`,
        draw: (top: number) => draw(columns, frame, top, peaks),
      },
    ];
  });
}
