import type { Evidence, Measure } from '../core/measure.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatBytes, formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding, plural, weights } from './finding.ts';
import { logReachOf } from './log-reach.ts';
import { protectionOf, type ProtectionSeen } from './protection.ts';

/**
 * A backup that was to run must have left something durable, in every store that the strategy requires, and
 * must not have failed before the fault. What fails after the fault, with its component broken, is not held
 * against it.
 */
function judgeBackup(evidence: Evidence, one: ProtectionSeen, untilMs: number): Finding {
  const { events } = evidence;
  const common = {
    id: `backups/${one.backup}`,
    claim: `${one.component}/backup/${one.name}`,
    title: `${one.backup} leaves recovery points`,
    unit: 'count' as const,
    gate: true,
    weight: weights.backup,
  };
  const failures = eventsOf(events, 'backup.failed', 'log.broken').filter(
    (event) => event.data.backup === one.backup && event.atMs < untilMs && !isEndedEarly(event),
  );
  if (failures.length > 0) {
    const first = failures[0]!.data.error;
    return finding({
      ...common,
      verdict: 'fail',
      actual: failures.length,
      objective: 0,
      detail: `It failed ${plural(failures.length, 'time')} before the fault: ${first}.`,
      evidence: [one.begunSeq, ...failures.map((event) => event.seq)],
    });
  }
  if (one.intervalMs === null) return judgeLog(evidence, one, untilMs, common);
  const durable = one.points.filter((point) => point.durableMs <= untilMs);
  const proof = [one.begunSeq, ...durable.map((point) => point.seq)];
  if (durable.length === 0)
    return finding({
      ...common,
      verdict: 'inconclusive',
      evidence: proof,
      detail: 'None was durable when the fault came.',
    });
  const required = evidence.strategy.components[one.component]?.backups[one.name]?.copies ?? [];
  const lacking = durable.flatMap((point) => required.filter((store) => !point.copies.includes(store)));
  if (lacking.length > 0)
    return finding({
      ...common,
      verdict: 'fail',
      actual: lacking.length,
      objective: 0,
      evidence: proof,
      detail: `Copies are missing in ${[...new Set(lacking)].join(', ')}.`,
    });
  return finding({
    ...common,
    verdict: 'pass',
    actual: durable.length,
    evidence: proof,
    detail: `${plural(durable.length, 'recovery point')} durable in ${required.join(', ')} before the fault.`,
  });
}

/** Muster ended it: that is no failure of the log. */
const isEndedEarly = ({ data }: TimelineEvent<'backup.failed' | 'log.broken'>): boolean =>
  'unread' in data && data.unread === true;

function judgeLog(
  evidence: Evidence,
  one: ProtectionSeen,
  untilMs: number,
  common: Pick<Finding, 'id' | 'claim' | 'title' | 'unit' | 'gate' | 'weight'>,
): Finding {
  const segments = eventsOf(evidence.events, 'log.durable').filter(
    (event) => event.data.backup === one.backup && event.atMs <= untilMs,
  );
  if (segments.length === 0)
    return finding({
      ...common,
      verdict: 'inconclusive',
      evidence: [one.begunSeq],
      detail: 'Nothing of the log was durable when the fault came.',
    });
  const { faultMs } = drillTimesOf(evidence.events);
  // What was broken before the fault itself, as the way to a store, may keep a log waiting by right.
  const { lagMs, missedMs } = logReachOf(evidence, one.backup, one.component, untilMs);
  if (faultMs === untilMs && missedMs !== null && missedMs > (lagMs ?? 0))
    return finding({
      ...common,
      verdict: 'inconclusive',
      evidence: [one.begunSeq, ...segments.map(({ seq }) => seq).slice(-1)],
      detail: `It was last read ${formatDuration(missedMs)} before a write that the fault left it a second for, and had never been more than ${formatDuration(lagMs ?? 0)} late: it may have hung.`,
    });
  const bytes = segments.reduce((sum, event) => sum + event.data.bytes, 0);
  return finding({
    ...common,
    verdict: 'pass',
    actual: segments.length,
    evidence: [one.begunSeq, segments[0]!.seq, segments.at(-1)!.seq],
    detail: `${plural(segments.length, 'segment')} of the log (${formatBytes(bytes)}) durable before the fault.`,
  });
}

export const backups: Measure = {
  about: 'Backups left durable recovery points in every required store, and none failed before the fault',
  judge(evidence) {
    const { disturbedMs: faultMs } = drillTimesOf(evidence.events);
    const ran = protectionOf(evidence.events, faultMs);
    const missing = evidence.scenario.protect.filter((name) => !ran.some((one) => one.backup === name));
    return [
      ...ran.map((one) => judgeBackup(evidence, one, faultMs ?? Infinity)),
      ...missing.map((name) =>
        finding({
          id: `backups/${name}`,
          claim: name.replace('.', '/backup/'),
          title: `${name} leaves recovery points`,
          verdict: 'inconclusive',
          unit: 'count',
          detail: 'It never began.',
          evidence: [],
          gate: true,
          weight: weights.backup,
        }),
      ),
    ];
  },
};
