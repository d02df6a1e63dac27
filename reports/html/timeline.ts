import type { DrillResult } from '../../core/result.ts';
import { formatDuration } from '../../core/units.ts';
import { momentText } from '../words.ts';
import { areas } from './area.ts';
import { alertLanes, latencies } from './latency.ts';
import { html, percent, textBeside, type Markup } from './markup.ts';
import { type Lane, type Frame, frameOf } from './frame.ts';

/** Width that labels are laid out for, in pixels; the page is wider or scrolls, so they never overlap. */
const layoutWidth = 680;
const textWidth = (text: string): number => text.length * 6.1 + 8;

const within = (frame: Frame, beginMs: number, endMs: number): boolean =>
  endMs >= frame.beginMs && beginMs <= frame.endMs;

function box(
  frame: Frame,
  kind: string,
  beginMs: number,
  endMs: number,
  top: number,
  height: number,
  title: string,
): Markup {
  const x = frame.x(beginMs);
  return html`<rect class="${kind}" x="${percent(x)}" y="${top}" width="${percent(Math.max(0.15, frame.x(endMs) - x))}" height="${height}"><title>${title}</title></rect>`;
}

function phaseLane(result: DrillResult, frame: Frame): Lane {
  const drawn = result.phases.filter((phase) => within(frame, phase.beginMs, phase.endMs ?? frame.endMs));
  return {
    height: 26,
    label: 'Phases',
    note: null,
    draw: (top) =>
      html`${drawn.map(({ phase, beginMs, endMs, ok }) => {
        const x = frame.x(beginMs);
        const width = frame.x(endMs ?? frame.endMs) - x;
        const took = `${phase}: ${endMs === null ? 'not ended' : formatDuration(endMs - beginMs)}${ok === false ? ', failed' : ''}`;
        const fits = (width / 100) * layoutWidth > textWidth(phase);
        return html`${box(frame, ok === false ? 'phase bad' : 'phase', beginMs, endMs ?? frame.endMs, top, 20, took)}${fits && html`<text x="${percent(x + width / 2)}" y="${top + 14}" text-anchor="middle">${phase}</text>`}`;
      })}`,
  };
}

/** Each in a line of its own: several within a second would write over each other. */
const faultLanes = (result: DrillResult, frame: Frame): Lane[] =>
  result.faults.map(({ fault, target, begunMs, witnessedMs, proof }, index) => ({
    height: 24,
    label: index === 0 ? 'Fault' : '',
    note: null,
    draw: (top: number) => {
      const x = frame.x(begunMs);
      const injected = html`<circle class="injected" cx="${percent(x)}" cy="${top + 9}" r="5"/>`;
      const witnessed =
        witnessedMs !== null &&
        html`<circle class="witness" cx="${percent(frame.x(witnessedMs))}" cy="${top + 9}" r="3"><title>witnessed: ${proof ?? ''}</title></circle>`;
      const text = clip(`${fault} on ${target}${witnessedMs === null ? ', never witnessed' : ''}`, 60);
      const label = textBeside({ x, top, height: 18, left: x > 70, away: 12 }, text);
      return html`${injected}${witnessed}${label}`;
    },
  }));

const clip = (text: string, length: number): string =>
  [...text].length > length ? `${[...text].slice(0, length - 1).join('')}…` : text;

function backupLanes(result: DrillResult, frame: Frame): Lane[] {
  return [...new Set(result.backups.map(({ backup }) => backup))].map((name) => {
    const points = result.backups.filter(({ backup }) => backup === name);
    const drawn = points.filter(({ begunMs, durableMs }) => within(frame, begunMs, durableMs ?? begunMs));
    const outside = points.length - drawn.length;
    return {
      height: 36,
      label: name,
      note: outside > 0 ? `${outside} outside the picture` : 'recovery points',
      draw: (top: number) =>
        html`${drawn.map(({ begunMs, durableMs, state, point }) => {
          const x = percent(frame.x(durableMs ?? begunMs));
          const y = top + 11;
          const title = html`<title>${point}: ${state}</title>`;
          if (durableMs === null)
            return html`<g><circle class="point bad" cx="${x}" cy="${y}" r="4"/>${title}</g>`;
          return html`<g>${box(frame, 'span', begunMs, durableMs, y - 3, 6, point)}<circle class="point" cx="${x}" cy="${y}" r="4"/>${title}</g>`;
        })}`,
    };
  });
}

const stepLanes = (result: DrillResult, frame: Frame): Lane[] =>
  result.steps.map(({ title, beginMs, endMs, ok }, index) => {
    const end = endMs ?? frame.endMs;
    const left = frame.x(beginMs) > 100 - frame.x(end);
    const text = `${clip(title, 60)} · ${endMs === null ? 'not ended' : formatDuration(end - beginMs)}${ok === false ? ' · failed' : ''}`;
    return {
      height: 24,
      label: index === 0 ? 'Recovery steps' : '',
      note: null,
      draw: (top: number) => {
        const bar = box(frame, ok === false ? 'step bad' : 'step', beginMs, end, top + 2, 14, text);
        const x = left ? frame.x(beginMs) : frame.x(end);
        return html`${bar}${textBeside({ x, top, height: 20, left, away: 8 }, text)}`;
      },
    };
  });

interface Moment {
  name: string;
  kind: string;
  atMs: number;
}
function drillTimesOf({ time }: DrillResult): Moment[] {
  const all: [string, string, number | null][] = [
    ['fault', 'fault', time.faultMs],
    ['impact', '', time.impactMs],
    ['witnessed', '', time.witnessedMs],
    ['detected', '', time.detectedMs],
    ['recovery begun', '', time.recoveryBegunMs],
    ['ready', '', time.readyMs],
    ['correct', 'correct', time.correctMs],
    ['verified', '', time.verifiedMs],
  ];
  return all
    .flatMap(([name, kind, atMs]) => (atMs === null ? [] : [{ name, kind, atMs }]))
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** Labels over their lines, each in the first row where it does not touch another. */
function momentLane(result: DrillResult, frame: Frame, lineHeight: (rows: number) => number): Lane {
  const rows: number[] = [];
  const labels = drillTimesOf(result).map((moment) => {
    const text = `${moment.name} ${moment.kind === 'fault' ? '0' : momentText(moment.atMs, result.time.faultMs)}`;
    const x = frame.x(moment.atMs);
    const pixels = (x / 100) * layoutWidth;
    const left = pixels + textWidth(text) > layoutWidth;
    const from = left ? pixels - textWidth(text) : pixels;
    let row = rows.findIndex((end) => end <= from);
    if (row < 0) row = rows.length;
    rows[row] = left ? pixels : pixels + textWidth(text);
    return { ...moment, text, x, left, row };
  });
  const height = Math.max(2, rows.length) * 15 + 6;
  return {
    height,
    label: 'Moments',
    note: result.time.faultMs === null ? 'since the drill began' : 'from the fault on',
    // All lines before all labels: a label's halo covers the lines that it crosses.
    draw: (top) => {
      const lines = labels.map(
        ({ kind, x, row }) =>
          html`<line class="moment ${kind}" x1="${percent(x)}" x2="${percent(x)}" y1="${top + row * 15 + 2}" y2="${lineHeight(height)}"/>`,
      );
      const texts = labels.map(({ text, x, left, row }) =>
        textBeside({ x, top: top + row * 15, height: 15, left, away: 4 }, text),
      );
      return html`${lines}${texts}`;
    },
  };
}

function axisLane(result: DrillResult, frame: Frame, bottom: () => number): Lane {
  const zero = result.time.faultMs ?? 0;
  const spanMs = frame.endMs - frame.beginMs;
  const every =
    [
      10, 50, 100, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 864e5,
    ].find((step) => spanMs / step <= 9) ?? spanMs / 5;
  const first = Math.ceil((frame.beginMs - zero) / every);
  const ticks = Array.from(
    { length: Math.floor((frame.endMs - zero) / every) - first + 1 },
    (_, index) => (first + index) * every,
  );
  return {
    height: 18,
    label: '',
    note: null,
    draw: (top) =>
      html`${ticks.map((tick) => {
        const x = percent(frame.x(zero + tick));
        const text = tick === 0 ? '0' : momentText(tick, 0);
        return html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${bottom()}"/><text class="soft" x="${x}" y="${top + 12}" text-anchor="middle">${text}</text>`;
      })}`,
  };
}

/**
 * The drill as a picture: one row a thing, one scale of time. Positions are percent, so that it fits any
 * width with its text unscaled.
 */
export function timeline(result: DrillResult): Markup {
  const frame = frameOf(result);
  const lanes = [
    phaseLane(result, frame),
    ...faultLanes(result, frame),
    ...backupLanes(result, frame),
    ...areas(result, frame),
    ...latencies(result, frame),
    ...alertLanes(result, frame),
    ...stepLanes(result, frame),
  ];
  const body = lanes.reduce((total, lane) => total + lane.height, 0);
  const moments = momentLane(result, frame, (height) => height + body);
  const axis = axisLane(result, frame, () => moments.height + body);
  const { impactMs, correctMs } = result.time;
  const outage =
    impactMs !== null &&
    box(frame, 'outage', impactMs, correctMs ?? frame.endMs, moments.height, body, 'outage');
  let top = 0;
  // The axis' grid lies under everything, so it is drawn first although it stands last.
  const axisTop = moments.height + body;
  const rows = [moments, ...lanes].map((lane) => {
    const y = top;
    top += lane.height;
    return {
      drawn: lane.draw(y),
      label: html`<div class="lane" style="top:${y}px" title="${lane.label}">${lane.label}${lane.note && html`<span>${lane.note}</span>`}</div>`,
    };
  });
  return html`<div class="timeline"><div class="lanes">${rows.map(({ label }) => label)}<svg height="${axisTop + axis.height}" role="img" aria-label="Timeline of the drill">${axis.draw(axisTop)}${outage}${rows.slice(1).map(({ drawn }) => drawn)}${rows[0]!.drawn}</svg></div></div>`;
}
