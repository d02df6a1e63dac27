import type { Evidence, Measure } from '../core/measure.ts';
import { eventsOf, lastOf } from '../core/timeline.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { Finding, Verdict } from '../core/verdict.ts';
import { isBroughtByAction, isBroughtByCommand, isRestored } from './brought-data.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding, seqsOf, weights } from './finding.ts';
import { countsForLoss } from './loss.ts';
import { protectionOf, recoveryMeansOf, type PointSeen, type ProtectionSeen } from './protection.ts';
import { wasTaken } from './put-back.ts';
import { delayAfter, gapBetween, overrunOf, type Pace } from './schedule-gap.ts';

/**
 * What a scheduler may be late by: a tenth of the compressed interval. Of one of a second or two that is less
 * than a busy machine is late by, so that it is half a second there. Always far below one interval: a run
 * that was left out shows. Where it is known to have been later with the very run that was waited for, that
 * counts instead: the drill's own delay is not the schedule's.
 */
export const slackOf = (scaledMs: number): number => Math.min(Math.max(0.1 * scaledMs, 500), 0.4 * scaledMs);

const paceOf = ({ strategy }: Evidence, { backup, component, name, scaledMs }: ProtectionSeen): Pace => ({
  backup,
  scaledMs: scaledMs!,
  slackMs: slackOf(scaledMs!),
  keeps: strategy.components[component]?.backups[name]?.keep !== undefined,
});

interface Seen {
  what: string;
  ms: number;
}

/**
 * Did the schedule do what it says? At the fault, the newest durable point may be at most I/k + D old
 * (declared interval, time scale, longest measured time from consistency to durability, the run that the
 * fault cut off included), and so may the part of the observed loss that lies before the fault, where
 * recovery rested on this backup alone. Continuous methods have no interval and no finding here.
 */
export function judgeSchedule(evidence: Evidence, one: ProtectionSeen, faultMs: number): Finding {
  const scaledMs = one.scaledMs!;
  const claim = `${one.component}/backup/${one.name}/every`;
  const title = `${one.backup} runs every ${formatDuration(one.intervalMs!)} as declared`;
  const durable = one.points.filter((point) => point.durableMs <= faultMs);
  // Within the slack it is the injection itself that stops it; a run that was left out shows in the age of
  // the newest point.
  const stopped = eventsOf(evidence.events, 'schedule.stopped').find(
    (event) => event.data.backup === one.backup && event.atMs < faultMs - slackOf(scaledMs),
  );
  const common = {
    id: `schedule/${one.backup}`,
    claim,
    title,
    unit: 'ms' as const,
    gate: true,
    weight: weights.schedule,
  };
  const seqs = [
    one.begunSeq,
    ...durable.map((point) => point.seq),
    ...seqsOf(evidence.events, 'fault.begun'),
    ...(stopped ? [stopped.seq] : []),
  ].sort((a, b) => a - b);
  if (stopped)
    return finding({
      ...common,
      verdict: 'fail',
      evidence: seqs,
      detail: `It stopped ${formatDuration(faultMs - stopped.atMs)} before the fault: ${stopped.data.reason}.`,
    });
  if (durable.length === 0)
    return finding({
      ...common,
      verdict: 'inconclusive',
      evidence: seqs,
      detail: 'No recovery point was durable before the fault, so there is no interval to look at.',
    });
  return judgeRuns(evidence, one, faultMs, durable, { ...common, evidence: seqs });
}

/** Every run in its time: the age of the newest point, the loss, and no run left out in between. */
function judgeRuns(
  evidence: Evidence,
  one: ProtectionSeen,
  faultMs: number,
  durable: readonly PointSeen[],
  common: Omit<Parameters<typeof finding>[0], 'verdict' | 'detail'>,
): Finding {
  const scaledMs = one.scaledMs!;
  const pace = paceOf(evidence, one);
  const { newest, durabilityMs, delayMs, limitMs } = limitOf(evidence, one, faultMs, durable);
  const seen = [
    {
      what: 'the newest durable recovery point was that old at the fault',
      ms: faultMs - newest.consistentMs,
    },
    ...lossBefore(evidence, one, faultMs),
  ].reduce((a, b) => (b.ms > a.ms ? b : a));
  const verdict = verdictOf(seen.ms, limitMs, scaledMs, durabilityMs);
  const between = `${formatDuration(scaledMs)} between runs${compression(evidence, one)}`;
  const gap = gapBetween(evidence.events, pace, faultMs);
  if (verdict === 'pass' && gap)
    return finding({
      ...common,
      verdict: 'fail',
      actual: gap.ms,
      objective: gap.limitMs,
      detail: `${formatDuration(gap.ms)} from the beginning of one run to that of the next (${gap.runs.join(', ')}); not explained by ${between} + ${formatDuration(gap.tookMs)} that it took, and ${formatDuration(gap.delayMs)} for the scheduler.`,
    });
  const overrun = overrunOf(evidence.events, pace, one.intervalMs!, faultMs);
  if (verdict !== 'fail' && overrun)
    return finding({
      ...common,
      verdict: 'fail',
      actual: overrun.ms,
      objective: one.intervalMs,
      detail: `${overrun.point} took ${formatDuration(overrun.ms)}, longer than the interval itself: the next run had to wait for it.`,
    });
  const limit = `${between} + ${formatDuration(durabilityMs)} to become durable, and ${formatDuration(delayMs)} for the scheduler`;
  const slower =
    evidence.scenario.timeScale === undefined
      ? `a timeScale below ${formatCount(Math.round(one.intervalMs! / scaledMs))}`
      : 'a smaller timeScale';
  const crowding =
    one.follows === null
      ? ` One backup takes longer than the compressed interval: use ${slower}.`
      : ' One backup takes longer than the interval that it has in the drill.';
  const crowded = verdict === 'inconclusive' ? crowding : '';
  return finding({
    ...common,
    verdict,
    actual: seen.ms,
    objective: limitMs,
    detail: `${formatDuration(seen.ms)}: ${seen.what}; ${verdict === 'pass' ? 'explained' : 'not explained'} by ${limit}.${crowded}`,
  });
}

/** How old the newest durable point may be at the fault, and what that is made of. */
function limitOf(evidence: Evidence, one: ProtectionSeen, faultMs: number, durable: readonly PointSeen[]) {
  const durabilityMs = Math.max(
    ...durable.map((point) => point.durableMs - point.consistentMs),
    one.cutOffMs ?? 0,
  );
  const newest = durable.reduce((a, b) => (b.consistentMs > a.consistentMs ? b : a));
  const delayMs = delayAfter(evidence.events, paceOf(evidence, one), newest.point, faultMs);
  return { newest, durabilityMs, delayMs, limitMs: one.scaledMs! + delayMs + durabilityMs };
}

/** How much of a loss before the fault this schedule explains; null where it made nothing to go back to. */
export function explainedMs(evidence: Evidence, one: ProtectionSeen, faultMs: number): number | null {
  const durable = one.points.filter((point) => point.durableMs <= faultMs);
  if (one.scaledMs === null || durable.length === 0) return null;
  return limitOf(evidence, one, faultMs, durable).limitMs;
}

/** How the declared interval became that of the drill; nothing where it is the same. */
function compression(
  { scenario: { timeScale } }: Evidence,
  { intervalMs, scaledMs, follows }: ProtectionSeen,
): string {
  if (follows !== null)
    return scaledMs === intervalMs
      ? ` (${follows})`
      : ` (${formatDuration(intervalMs!)} declared; ${follows})`;
  const factor = timeScale ?? intervalMs! / scaledMs!;
  if (factor <= 1) return '';
  const pace =
    timeScale === undefined
      ? `${formatCount(Math.round(factor))} times the pace, by what the first backup took`
      : `timeScale ${timeScale}`;
  return ` (${formatDuration(intervalMs!)} at ${pace})`;
}

/**
 * A backup longer than its compressed interval makes runs queue: that is timeScale's doing, up to two of them
 * in a row.
 */
function verdictOf(seenMs: number, limitMs: number, scaledMs: number, durabilityMs: number): Verdict {
  if (seenMs <= limitMs) return 'pass';
  return durabilityMs > scaledMs && seenMs <= 2 * durabilityMs + slackOf(scaledMs) ? 'inconclusive' : 'fail';
}

/**
 * Only a recovery that succeeded says something of the schedule: what it could not restore is its own loss.
 * Where nothing at all from before the fault is there, no recovery point was brought back, and the loss says
 * nothing of schedules.
 */
function lossBefore(evidence: Evidence, one: ProtectionSeen, faultMs: number): Seen[] {
  const means = recoveryMeansOf(evidence, one.component, [one]);
  const restored = lastOf(evidence.events, 'recovery.ended')?.data.ok === true;
  const restsOnIt = means.snapshots.length > 0 ? !means.replayed : isLoadedByCommand(evidence, one, faultMs);
  if (!restored || !restsOnIt || evidence.ledger.damage !== null) return [];
  const oldest = evidence.ledger.loads
    .filter((load) => load.target === one.component && countsForLoss(load) && load.data?.survivedFault !== 0)
    .flatMap((load) => load.data?.oldestLostAckMs ?? []);
  return oldest.map((ms) => ({
    what: 'the oldest lost write was acknowledged that long before the fault',
    ms: faultMs - ms,
  }));
}

/**
 * A fault took the data away, and a command of the user's own alone can have put it back: from a point of
 * this schedule, as it explains most of the component's.
 */
function isLoadedByCommand(evidence: Evidence, one: ProtectionSeen, faultMs: number): boolean {
  const { component } = one;
  if (!one.holdsData || !wasTaken(evidence, component) || !isBroughtByCommand(evidence, component))
    return false;
  if (isRestored(evidence, component) || isBroughtByAction(evidence, component)) return false;
  const explained = (seen: ProtectionSeen): number =>
    seen.holdsData ? (explainedMs(evidence, seen, faultMs) ?? 0) : 0;
  const own = protectionOf(evidence.events, faultMs).filter((seen) => seen.component === component);
  return own.every((seen) => explained(seen) <= explained(one));
}

export const schedule: Measure = {
  about:
    'Backup schedules ran as declared: age of the newest point and the loss before the fault are explained by I/k + D',
  judge(evidence) {
    const { disturbedMs: faultMs } = drillTimesOf(evidence.events);
    const scheduled = protectionOf(evidence.events, faultMs).filter(
      (one) => one.intervalMs !== null && one.scaledMs !== null,
    );
    if (faultMs !== null) return scheduled.map((one) => judgeSchedule(evidence, one, faultMs));
    return scheduled.map((one) =>
      finding({
        id: `schedule/${one.backup}`,
        claim: `${one.component}/backup/${one.name}/every`,
        title: `${one.backup} runs as declared`,
        verdict: 'inconclusive',
        unit: 'ms',
        evidence: [one.begunSeq],
        gate: true,
        weight: weights.schedule,
        detail: 'Nothing was broken, so there is no moment to hold it against.',
      }),
    );
  },
};
