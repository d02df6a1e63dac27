import type { DrillResult } from '../../core/result.ts';
import { formatDuration } from '../../core/units.ts';
import { alertName } from '../client-view.ts';
import { momentText } from '../words.ts';
import { html, number, percent, textBeside, type Markup } from './markup.ts';
import type { Frame } from './frame.ts';

type Series = DrillResult['series'][number];
interface Lane {
  height: number;
  label: string;
  note: string | null;
  draw(top: number): Markup;
}

const height = 58;
const pointsMax = 300;
/** From the finest that is told apart to the longest wait, one line a power of ten. */
const scaleMs = [1, 10, 100, 1_000, 10_000] as const;
const lowest = Math.log10(scaleMs[0]);
const span = Math.log10(scaleMs.at(-1)!) - lowest;

interface Point {
  ms: number;
  p50: number | null;
  p99: number | null;
}

/**
 * At most 300 points; of those that fall together the slowest counts, so that no slow stretch is lost to
 * thinning.
 */
export function pointsOf(
  { bucketMs, startMs, p50Ms, p99Ms }: Series,
  beginMs: number,
  endMs: number,
): Point[] {
  const first = Math.max(0, Math.floor((beginMs - startMs) / bucketMs));
  const last = Math.min(p99Ms.length, Math.ceil((endMs - startMs) / bucketMs));
  const step = Math.max(1, Math.ceil((last - first) / pointsMax));
  const slowest = (of: (number | null)[]): number | null =>
    of.reduce<number | null>((a, b) => (b === null ? a : Math.max(a ?? 0, b)), null);
  const points: Point[] = [];
  for (let index = first; index < last; index += step) {
    const end = Math.min(last, index + step);
    points.push({
      ms: startMs + ((index + end) / 2) * bucketMs,
      p50: slowest(p50Ms.slice(index, end)),
      p99: slowest(p99Ms.slice(index, end)),
    });
  }
  return points;
}

/** A line through what was measured; where nothing was answered there is none. */
function path(points: Point[], frame: Frame, pick: (point: Point) => number | null): string {
  let pen = false;
  return points
    .map((point) => {
      const value = pick(point);
      if (value === null) {
        pen = false;
        return '';
      }
      const share = Math.min(1, Math.max(0, (Math.log10(Math.max(value, scaleMs[0])) - lowest) / span));
      const command = `${pen ? 'L' : 'M'}${number(frame.x(point.ms) * 10)} ${number((1 - share) * (height - 14))}`;
      pen = true;
      return command;
    })
    .join('');
}

function draw(points: Point[], frame: Frame, top: number): Markup {
  const whole = height - 14;
  const rules = scaleMs.map((ms) => ({ ms, y: top + whole * (1 - (Math.log10(ms) - lowest) / span) }));
  return html`${rules.map(({ y }) => html`<line class="grid" x1="${percent(0)}" x2="${percent(100)}" y1="${number(y)}" y2="${number(y)}"/>`)}<svg x="0" y="${top}" width="100%" height="${whole}" viewBox="0 0 1000 ${whole}" preserveAspectRatio="none"><path class="p99" vector-effect="non-scaling-stroke" d="${path(points, frame, ({ p99 }) => p99)}"/><path class="p50" vector-effect="non-scaling-stroke" d="${path(points, frame, ({ p50 }) => p50)}"/></svg>${rules.filter(({ ms }) => ms === 10 || ms === 1_000).map(({ ms, y }) => html`<text class="soft halo" x="${percent(100)}" dx="-2" y="${number(y - 2)}" text-anchor="end">${formatDuration(ms)}</text>`)}`;
}

/**
 * Response times of each load that users make, on a logarithmic scale from 1 ms to 10 s. Database loads are
 * far below it.
 */
export function latencies(result: DrillResult, frame: Frame): Lane[] {
  const users = new Set(result.loads.filter(({ kind }) => kind !== 'data').map(({ load }) => load));
  return result.series
    .filter(({ load }) => users.has(load))
    .flatMap((series) => {
      const points = pointsOf(series, frame.beginMs, frame.endMs);
      const known = points.flatMap(({ p99 }) => p99 ?? []);
      return known.length === 0
        ? []
        : [
            {
              height,
              label: `${series.load}, time`,
              note: `p50, p99: ${formatDuration(Math.max(...known))} at most`,
              draw: (top: number) => draw(points, frame, top),
            },
          ];
    });
}

/**
 * When the strategy's alerts would have fired, and until when; those beyond the picture are named at its
 * edge.
 */
export function alertLanes(result: DrillResult, frame: Frame): Lane[] {
  const fired = result.alerts.flatMap((alert) => {
    const fromMs = alert.falseAlarmMs ?? alert.firedMs;
    return fromMs === null ? [] : [{ alert, fromMs }];
  });
  return fired.map(({ alert, fromMs }, index) => {
    const { faultMs } = result.time;
    const beyond = fromMs > frame.endMs;
    const x = frame.x(fromMs);
    const left = x > 55;
    const word = alert.falseAlarmMs === null ? '' : 'false alarm: ';
    const text = `${word}${alertName(alert)} ${momentText(fromMs, faultMs)}${alert.basis.startsWith('derived') ? ', derived' : ''}${beyond ? ' →' : ''}`;
    const toMs = Math.min(alert.clearedMs ?? frame.endMs, frame.endMs);
    const bar =
      !beyond &&
      html`<rect class="alert${alert.severity === 'critical' ? ' critical' : ''}" x="${percent(x)}" y="${0}" width="${percent(Math.max(0.15, frame.x(toMs) - x))}" height="5"/>`;
    return {
      height: 24,
      label: index === 0 ? 'Alerts' : '',
      note: null,
      draw: (top: number) =>
        html`<svg y="${top + 15}" width="100%" height="5">${bar}</svg>${textBeside({ x, top, height: 15, left, away: 4 }, text)}`,
    };
  });
}
