import type { Evidence, Measure } from '../core/measure.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatBytes } from '../core/units.ts';
import type { Keep } from '../core/strategy.ts';
import type { Finding } from '../core/verdict.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding, plural, weights } from './finding.ts';

/** Names of recovery points that a report lists; the timeline has them all. */
const namesMax = 5;

interface Kept {
  backup: string;
  claim: string;
  keep: Keep;
  begun: TimelineEvent<'schedule.begun'>;
}

/**
 * Snapshot backups that ran and whose strategy says what is kept. Of a continuous method nothing is removed.
 */
const keptOf = ({ events, strategy }: Evidence): Kept[] =>
  eventsOf(events, 'schedule.begun').flatMap((begun) => {
    const { backup, intervalMs } = begun.data;
    const [component, name] = backup.split('.') as [string, string];
    const keep = strategy.components[component]?.backups[name]?.keep;
    return keep && intervalMs !== null
      ? [{ backup, claim: `${component}/backup/${name}/keep`, keep, begun }]
      : [];
  });

const timesOf = ({ keep }: Kept): string => ('points' in keep ? `the newest ${keep.points}` : keep.text);

/**
 * A store tells the age of a point by the wall clock, from when it was begun; a timeline by its own, from
 * when it was consistent.
 */
const ageToleranceMs = 250;

/**
 * Durable points beyond what is kept at that event, newest first: by their number, or by their age; `surely`,
 * or perhaps.
 */
function beyondAt(
  { events }: Evidence,
  { backup, keep }: Kept,
  at: TimelineEvent,
  surely: boolean,
): TimelineEvent<'backup.durable'>[] {
  const durable = eventsOf(events, 'backup.durable')
    .filter((event) => event.data.backup === backup && event.seq < at.seq)
    .reverse();
  if ('points' in keep) return durable.slice(keep.points);
  const begunMs = new Map(eventsOf(events, 'backup.begun').map(({ data, atMs }) => [data.point, atMs]));
  const ageMs = ({ data }: TimelineEvent<'backup.durable'>): number =>
    at.atMs -
    (surely ? data.consistentAtMs : (begunMs.get(data.point) ?? data.consistentAtMs) - ageToleranceMs);
  return durable.filter((event) => ageMs(event) > keep.ms + (surely ? ageToleranceMs : 0));
}

type OfBackup = TimelineEvent<'prune.ended' | 'prune.failed' | 'backup.durable' | 'backup.begun'>;
type Ended = TimelineEvent<'prune.ended'>;
type Failed = TimelineEvent<'prune.failed'>;

/**
 * What should have gone, has gone: when a backup begins, everything that was beyond the retention at the last
 * durable point is removed. And nothing else has: neither the newest point, nor one that was to be kept.
 */
function judgeKept(evidence: Evidence, kept: Kept): Finding[] {
  const { events } = evidence;
  const own = ({ data }: OfBackup): boolean => data.backup === kept.backup;
  const ended = eventsOf(events, 'prune.ended').filter(own);
  const failed = eventsOf(events, 'prune.failed').filter(own);
  const durable = eventsOf(events, 'backup.durable').filter(own);
  const untilMs = drillTimesOf(events).disturbedMs ?? Infinity;
  const early = failed.filter(({ atMs }) => atMs < untilMs);
  const prunedBy = eventsOf(events, 'backup.begun')
    .filter(own)
    .filter(({ atMs }) => atMs < untilMs);
  const left = leftBehind(
    prunedBy.flatMap((begun) => dueAt(evidence, kept, durable, begun)),
    ended,
  );
  if (ended.length + failed.length + left.length === 0) return [];
  const common = {
    id: `retention/${kept.backup}`,
    claim: kept.claim,
    title: `${kept.backup} keeps ${timesOf(kept)}, and no more`,
    unit: 'count' as const,
    gate: true,
    weight: weights.backup,
    evidence: [kept.begun, ...durable, ...ended, ...failed].map(({ seq }) => seq).sort((a, b) => a - b),
  };
  const failing = (actual: number, detail: string): Finding[] => [
    finding({ ...common, verdict: 'fail', actual, objective: 0, detail }),
  ];
  const tooMuch = ended.flatMap((event) => removedTooMuch(evidence, kept, event));
  if (tooMuch.length > 0)
    return failing(tooMuch.length, `It removed what was to be kept: ${tooMuch.join(', ')}.`);
  if (early.length > 0)
    return failing(
      early.length,
      `Removing failed ${plural(early.length, 'time')} before the fault: ${early[0]!.data.error}.`,
    );
  if (left.length > 0) return failing(left.length, `Still there, beyond what is kept: ${left.join(', ')}.`);
  const actual = removedBy(ended).length;
  if (actual > 0) return [finding({ ...common, verdict: 'pass', actual, detail: tell(ended, failed) })];
  const why = failed[0]?.data.error ?? 'what was beyond was spared as the newest that is whole';
  return [finding({ ...common, verdict: 'inconclusive', detail: `Nothing was removed: ${why}.` })];
}

const removedBy = (ended: readonly Ended[]): string[] =>
  ended.flatMap(({ data }) => [...data.removed, ...data.completed]);

/** Points that are beyond the retention at the last durable point before a backup begins. */
function dueAt(
  evidence: Evidence,
  kept: Kept,
  durable: readonly TimelineEvent<'backup.durable'>[],
  begun: TimelineEvent<'backup.begun'>,
): string[] {
  const last = durable.findLast(({ seq }) => seq < begun.seq);
  if (!last) return [];
  return beyondAt(evidence, kept, { ...last, seq: last.seq + 1 }, true).map(({ data }) => data.point);
}

/** Those that were due and were neither removed nor spared. */
function leftBehind(due: readonly string[], ended: readonly Ended[]): string[] {
  const removed = removedBy(ended);
  return [...new Set(due)].filter(
    (point) => !removed.includes(point) && !ended.some(({ data }) => data.spared === point),
  );
}

/** Points that were removed though they were to be kept. */
function removedTooMuch(evidence: Evidence, kept: Kept, event: Ended): string[] {
  const beyond = beyondAt(evidence, kept, event, false).map(({ data }) => data.point);
  return event.data.removed.filter((point) => !beyond.includes(point));
}

function tell(ended: readonly Ended[], failed: readonly Failed[]): string {
  const sum = (pick: (data: Ended['data']) => number): number =>
    ended.reduce((total, { data }) => total + pick(data), 0);
  const points = removedBy(ended);
  const names =
    points.length > namesMax
      ? `${points.slice(0, namesMax).join(', ')} and ${points.length - namesMax} more`
      : points.join(', ');
  const completed = sum((data) => data.completed.length);
  const versions = [...new Set(ended.flatMap(({ data }) => data.versionsStayIn))];
  return [
    `${plural(points.length, 'recovery point')} beyond it removed from every copy (${plural(
      sum(({ objects }) => objects),
      'object',
    )}, ${formatBytes(sum(({ bytes }) => bytes))}): ${names}.`,
    ...(failed.length > 0
      ? [`Removing failed ${plural(failed.length, 'time')} after the fault (${failed[0]!.data.error}).`]
      : []),
    ...(completed > 0
      ? [`${plural(completed, 'point')} that an interrupted removal had left were completed.`]
      : []),
    ...(versions.length > 0
      ? [`Older versions of the objects stay in ${versions.join(', ')} until its own rules expire them.`]
      : []),
  ].join(' ');
}

export const retention: Measure = {
  about: 'Recovery points beyond what the strategy keeps were removed, and nothing that is to be kept',
  judge: (evidence) => keptOf(evidence).flatMap((kept) => judgeKept(evidence, kept)),
};
