import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { resolutionText } from './words.ts';

/** What a stretch of a bar rests on. Only `measured` is drawn solid. */
export type Basis = 'measured' | 'derived' | 'declared' | 'worst case';
export interface Segment {
  basis: Basis;
  ms: number;
  what: string;
}
type Objective = DrillResult['objectives'][number];

/**
 * Actual beside objective, ready to draw: segments one after the other from 0, the objective as a mark, all
 * on a scale of `scaleMs`.
 */
export interface ObjectiveBar {
  objective: Objective;
  name: string;
  segments: Segment[];
  scaleMs: number;
  margin: string;
  resolution: string | null;
}

function extras(objective: Objective, time: DrillResult['time']): Segment[] {
  const { actualMs, worstMs } = objective;
  if (actualMs === null || worstMs === null || worstMs <= actualMs) return [];
  const derived = time.derivedDetectionMs ?? 0;
  const declared = time.declaredPeopleMs ?? 0;
  const ready = time.madeReadyMs ?? 0;
  const explained =
    objective.kind === 'rto' &&
    derived + declared + ready > 0 &&
    Math.abs(actualMs + derived + declared + ready - worstMs) < 1;
  if (!explained)
    return [{ basis: 'worst case', ms: worstMs - actualMs, what: `worst case ${formatDuration(worstMs)}` }];
  const parts: Segment[] = [
    { basis: 'derived', ms: derived, what: `detection ${formatDuration(derived)}, derived` },
    { basis: 'declared', ms: declared, what: `people ${formatDuration(declared)}, declared` },
    {
      basis: 'derived',
      ms: ready,
      what: `ready before ${formatDuration(ready)}, measured when it was made`,
    },
  ];
  return parts.filter((part) => part.ms > 0);
}

/**
 * `4 min 48 s to spare`, `worst case over by 12 s`: of the worst case where there is one beside the actual.
 */
function marginText({ actualMs, worstMs, objectiveMs }: Objective): string {
  const heldMs = worstMs ?? actualMs;
  if (heldMs === null) return 'margin unknown';
  const of = worstMs !== null && worstMs !== actualMs ? 'worst case ' : '';
  if (heldMs > objectiveMs) return `${of}over by ${formatDuration(heldMs - objectiveMs)}`;
  return heldMs === objectiveMs
    ? `${of}nothing to spare`
    : `${of}${formatDuration(objectiveMs - heldMs)} to spare`;
}

export function objectiveBar(objective: Objective, time: DrillResult['time']): ObjectiveBar {
  const { actualMs, worstMs, objectiveMs, kind, component } = objective;
  const measured: Segment[] =
    actualMs === null
      ? []
      : [
          {
            basis: 'measured',
            ms: actualMs,
            what: `${kind === 'rto' ? 'RTA' : 'RPA'} ${formatDuration(actualMs)}, measured`,
          },
        ];
  // Without a measured part there is nothing to build on: a worst case alone is drawn, as such.
  const alone: Segment[] =
    actualMs === null && worstMs !== null
      ? [{ basis: 'worst case', ms: worstMs, what: `worst case ${formatDuration(worstMs)}` }]
      : [];
  const segments = [...measured, ...alone, ...extras(objective, time)];
  return {
    objective,
    name: `${kind.toUpperCase()} ${component}`,
    segments,
    scaleMs: Math.max(objectiveMs * 1.15, Math.max(actualMs ?? 0, worstMs ?? 0) * 1.05, 1),
    margin: marginText(objective),
    resolution: kind === 'rto' && actualMs !== null ? resolutionText(time.resolutionMs) : null,
  };
}
