import { eventsOf, type Stage, type TimelineEvent } from '../core/timeline.ts';
import type { DrillResult } from '../core/result.ts';
import type { DrillTimes } from './drill-times.ts';

export type Segment = DrillResult['waterfall'][number];

interface Stretch {
  stage: Stage;
  what: string;
  beginMs: number;
  endMs: number;
}

/**
 * Stretches of recovery work. One that never ended is taken to have lasted until the recovery was begun anew,
 * or to `endMs`.
 */
export function stretchesOf(events: readonly TimelineEvent[], endMs: number): Stretch[] {
  const ended = new Map(eventsOf(events, 'stage.ended').map(({ atMs, data }) => [data.id, atMs]));
  const anew = eventsOf(events, 'recovery.begun');
  return eventsOf(events, 'stage.begun').map(({ seq, atMs, data }) => {
    const next = anew.find((event) => event.seq > seq);
    const end = ended.get(data.id) ?? Math.min(next?.atMs ?? endMs, endMs);
    return { ...data, beginMs: atMs, endMs: end };
  });
}

/**
 * Where the time went, from the fault to `verified`: segments that follow each other without a gap, so that
 * they add up exactly. A recorded stage wins, the one begun last where they overlap (a pipe decrypts while it
 * fetches); between stages the stamps say what was being waited for. What nobody recorded is `other`. Without
 * a fault, or without an end, nothing.
 */
export function waterfallOf(
  events: readonly TimelineEvent[],
  moments: DrillTimes,
  impactMs: number | null,
  correctMs: number | null,
): Segment[] {
  const { faultMs } = moments;
  const endMs = moments.verifiedMs ?? Math.max(correctMs ?? -Infinity, moments.recoveryEndedMs ?? -Infinity);
  if (faultMs === null || !(endMs > faultMs) || endMs === Infinity) return [];
  const stretches = stretchesOf(events, endMs);
  const stamps = [
    impactMs,
    moments.detectedMs,
    moments.recoveryBegunMs,
    moments.recoveryEndedMs,
    moments.readyMs,
    correctMs,
  ].filter((stamp) => stamp !== null);
  const edges = [
    ...new Set([faultMs, endMs, ...stamps, ...stretches.flatMap((one) => [one.beginMs, one.endMs])]),
  ]
    .filter((edge) => edge >= faultMs && edge <= endMs)
    .sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (let at = 0; at + 1 < edges.length; at += 1) {
    const [beginMs, end] = [edges[at]!, edges[at + 1]!];
    const owner = ownerOf(stretches, moments, impactMs, correctMs, beginMs);
    const last = segments.at(-1);
    if (last && last.stage === owner.stage && last.what === owner.what) last.endMs = end;
    else segments.push({ ...owner, beginMs, endMs: end });
  }
  return segments;
}

function ownerOf(
  stretches: readonly Stretch[],
  moments: DrillTimes,
  impactMs: number | null,
  correctMs: number | null,
  ms: number,
): Pick<Segment, 'stage' | 'what'> {
  const active = stretches.filter((one) => one.beginMs <= ms && ms < one.endMs);
  if (active.length > 0) {
    const { stage, what } = active.reduce((a, b) => (b.beginMs >= a.beginMs ? b : a));
    return { stage, what };
  }
  const before = (stamp: number | null): boolean => stamp !== null && ms < stamp;
  const { detectedMs, recoveryBegunMs, recoveryEndedMs, readyMs, automatic } = moments;
  const begun = recoveryBegunMs !== null && ms >= recoveryBegunMs;
  if (!begun && before(impactMs)) return { stage: 'impact', what: 'until a client operation failed' };
  if (!begun && before(detectedMs)) return { stage: 'detect', what: 'until the failure was noticed' };
  if (!begun && before(recoveryBegunMs)) return { stage: 'decide', what: 'until recovery began' };
  if (!automatic && before(recoveryEndedMs)) return { stage: 'other', what: 'between recorded stages' };
  if (before(readyMs)) return { stage: 'ready', what: 'until the service called itself ready' };
  if (before(correctMs)) return { stage: 'correct', what: 'until clients had right answers' };
  if (moments.verifiedMs !== null && (correctMs !== null || !before(recoveryEndedMs)))
    return { stage: 'verify', what: 'observing, reading back and checking' };
  return { stage: 'other', what: 'not recorded' };
}

/**
 * Time in restore and replay stages alone, where they overlap counted once; null when there was none. Never
 * an RTO.
 */
export function restoreOnlyMs(events: readonly TimelineEvent[], endMs: number): number | null {
  const work = stretchesOf(events, endMs)
    .filter((one) => one.stage === 'restore' || one.stage === 'replay')
    .sort((a, b) => a.beginMs - b.beginMs);
  if (work.length === 0) return null;
  let total = 0;
  let coveredMs = -Infinity;
  for (const { beginMs, endMs: end } of work) {
    total += Math.max(0, end - Math.max(beginMs, coveredMs));
    coveredMs = Math.max(coveredMs, end);
  }
  return total;
}
