import type { Evidence } from '../core/measure.ts';
import { logTakenBy, pointTakenBy, replacedDataBy, runsIn, stepsOf } from '../core/steps/index.ts';
import type { LogTaken } from '../core/steps/step.ts';
import type { Scenario } from '../core/scenario.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { isBroughtByCommand, mayBeBrought } from './brought-data.ts';
import { basisWith, delayMs, delayOf, type Delay } from './detection.ts';
import { drillTimesOf, faultedComponents } from './drill-times.ts';
import { unhurriedMs } from './ledger-service.ts';
import { logReachOf } from './log-reach.ts';
import type { LostWrites } from './loss.ts';
import { protectionOf, recoveryMeansOf, type ProtectionSeen } from './protection.ts';
import { wasTaken } from './put-back.ts';
import { explainedMs, judgeSchedule } from './schedule.ts';

/** `ms` is null where it is not known; then it is at least `leastMs`. */
export interface Worst {
  ms: number | null;
  leastMs: number;
  basis: string;
  how: string;
}

/**
 * What a log that is followed may be late by beside the longest time that a part of it took to be durable:
 * a busy machine reads it later.
 */
const logSlackMs = unhurriedMs;

/**
 * One backup that the component goes back to: declared interval, and the longest measured time until it is
 * durable.
 */
interface Interval {
  backup: string;
  intervalMs: number;
  durabilityMs: number | null;
  seen: ProtectionSeen | null;
}

/**
 * Worst-case RPA = I + D, wherever an interval is declared and the component went back to a backup, whoever
 * took or restored it: declared interval, and the longest measured time from consistency to durability.
 * What was acknowledged after the fault and thrown away adds its window, and the time that detection and
 * people take, for in real life the broken service goes on accepting writes for that long. Continuous
 * methods have no interval: the loss observed is the answer, or the longest that the log was late by, where
 * the log explains it; where it does not, the loss may reach back to the base. A schedule that did not do
 * what it says bounds nothing.
 */
export function worstLossOf(evidence: Evidence, component: string, loss: LostWrites): Worst {
  const moments = drillTimesOf(evidence.events);
  const thrown =
    loss.lostAfterFault > 0
      ? delayOf(evidence.strategy, moments.automatic)
      : { derivedMs: null, declaredMs: null, how: [] };
  const unseen = putBackUnseen(evidence, component, loss);
  if (unseen !== null) return { ms: null, leastMs: 0, basis: 'not measured', how: unseen };
  const intervals = intervalsBehind(evidence, component, loss);
  if (intervals === 'none') return observedWorst(evidence, component, loss, thrown);
  const longest = intervals.reduce<Interval | null>(
    (a, b) => (a !== null && a.intervalMs >= b.intervalMs ? a : b),
    null,
  );
  const unknown = (how: string): Worst => ({
    ms: null,
    leastMs: longest?.intervalMs ?? 0,
    basis: 'not measured',
    how: longest
      ? `${how}; interval ${formatDuration(longest.intervalMs)} (declared) is the least of it`
      : how,
  });
  if (longest === null) return unknown('no backup of it ran on a schedule');
  const unbounded = whyLogBoundsNothing(evidence, component, loss);
  const timed = intervals.filter(
    (one): one is Interval & { durabilityMs: number } => one.durabilityMs !== null,
  );
  if (timed.length === 0)
    return unknown('no backup of it became durable in this drill, so nothing says how long that takes');
  const late = timed.find(
    ({ seen }) => seen !== null && judgeSchedule(evidence, seen, moments.faultMs!).verdict === 'fail',
  );
  if (late) return unknown(`${late.backup} did not run on its schedule`);
  const beyond = whyUnexplained(evidence, component, loss, timed);
  if (beyond !== null) return unknown(beyond);
  const worst = scheduledWorst(timed, loss, moments.faultMs!, thrown);
  return unbounded === null
    ? worst
    : { ...worst, how: `${worst.how} (${unbounded}, so that it may reach back to the base)` };
}

/**
 * What only a restore brings back is there, though no step can have put it back: an entrypoint that loads a
 * dump, or another server that took over. How old that may be, a drill sees no more of than its own length.
 */
function putBackUnseen(evidence: Evidence, component: string, loss: LostWrites): string | null {
  const isBack = loss.lost > 0 && !loss.total;
  return isBack && wasTaken(evidence, component) && !mayBeBrought(evidence, component)
    ? 'a fault took its data away, no step can have put any back, and some is there: what put it back, and how old that may be, is not known'
    : null;
}

/**
 * Where a command, or what was restored beside it, is thought to have brought the component back to one of
 * these backups, and more is missing than any of them explains, it went back to something else.
 */
function whyUnexplained(
  evidence: Evidence,
  component: string,
  loss: LostWrites,
  timed: readonly Interval[],
): string | null {
  const { events } = evidence;
  const faultMs = drillTimesOf(events).faultMs!;
  const limits = timed.flatMap(({ seen }) => (seen ? (explainedMs(evidence, seen, faultMs) ?? []) : []));
  const lostMs = loss.lostBeforeFault > 0 ? faultMs - loss.oldestMs! : 0;
  const { restored } = recoveryMeansOf(evidence, component, protectionOf(events, faultMs));
  if (restored || limits.length === 0 || lostMs <= Math.max(...limits)) return null;
  return `no interval explains that the oldest lost write was acknowledged ${formatDuration(lostMs)} before the fault, so that something older than that was put back`;
}

/**
 * The loss that was observed, or what the log that was replayed would have lost had the fault come when it
 * was as late as it was at worst: the lag is the D of a backup that has no interval.
 */
function observedWorst(evidence: Evidence, component: string, loss: LostWrites, thrown: Delay): Worst {
  const { faultMs } = drillTimesOf(evidence.events);
  const lagMs = longestLagMs(evidence, component, faultMs!);
  const afterMs = loss.lostAfterFault > 0 ? Math.max(0, loss.newestMs! - faultMs!) : 0;
  const isLate = lagMs + afterMs > loss.rpaMs;
  const ms = Math.max(loss.rpaMs, lagMs + afterMs) + delayMs(thrown);
  const parts = isLate
    ? [
        `as late as the log was ${formatDuration(lagMs)} (measured)`,
        ...(afterMs > 0 ? [`thrown away after the fault ${formatDuration(afterMs)} (measured)`] : []),
      ]
    : [`as observed ${formatDuration(loss.rpaMs)}`];
  return {
    ms,
    leastMs: ms,
    basis: basisWith('measured', thrown),
    how: [...parts, ...thrown.how].join(' + '),
  };
}

/** The logs that steps replay on what was restored of the component. */
const logsReplayed = (scenario: Scenario, component: string): LogTaken[] =>
  stepsOf(scenario)
    .flatMap((step) => logTakenBy(step) ?? [])
    .filter((log) => log.component === component);

/**
 * For how long at most what a log took from its source had not been durable by the fault, of the logs that
 * are replayed to their end. One that is replayed to a target is waited for, and its source is still there.
 */
function longestLagMs({ events, scenario }: Evidence, component: string, faultMs: number): number {
  const logs = new Set(
    logsReplayed(scenario, component).flatMap(({ backup, until }) => (until === 'latest' ? backup : [])),
  );
  return eventsOf(events, 'log.durable')
    .filter(({ data, atMs }) => logs.has(data.backup) && data.readAtMs <= Math.min(atMs, faultMs))
    .reduce((longest, { data, atMs }) => Math.max(longest, Math.min(atMs, faultMs) - data.readAtMs), 0);
}

/**
 * `none`: the loss that was observed is the answer. Otherwise what bounds it, which may be nothing at all.
 */
function intervalsBehind(evidence: Evidence, component: string, loss: LostWrites): Interval[] | 'none' {
  const ran = protectionOf(evidence.events, drillTimesOf(evidence.events).faultMs);
  const means = recoveryMeansOf(evidence, component, ran);
  if (means.replayed && whyLogBoundsNothing(evidence, component, loss) === null) return 'none';
  if (means.restored)
    return means.snapshots.length > 0
      ? means.snapshots.map(ofSchedule)
      : declared(evidence, component, means.named);
  return wentBack(evidence, component, loss) ? wentBackTo(evidence, component, ran) : 'none';
}

/**
 * Why a log that was replayed says nothing of how much may be lost; null where it does, or where none was
 * replayed. What was acknowledged before the fault is in a log that is replayed to a target after it, and
 * in one that is replayed to its end but for the log's own lag: the longest measured time from reading a
 * part of it to its being durable, of what was durable by the fault. A target that comes sooner, or a log
 * that hung, would lose more in real life, where the base is older than the drill. A log that hung is found
 * out as well where the base happens to be so young that little or nothing is lost.
 */
function whyLogBoundsNothing(evidence: Evidence, component: string, loss: LostWrites): string | null {
  const replays = logsReplayed(evidence.scenario, component);
  if (loss.lostBeforeFault > 0 && replays.some(({ until }) => until !== 'latest'))
    return 'the replay stopped before something that was acknowledged before the fault';
  const logs = new Set(replays.map(({ backup }) => backup));
  return [...logs].map((log) => whyNotBy(evidence, log, component, loss)).find((why) => why !== null) ?? null;
}

function whyNotBy(evidence: Evidence, log: string, component: string, loss: LostWrites): string | null {
  const faultMs = drillTimesOf(evidence.events).faultMs!;
  const reach = logReachOf(evidence, log, component, faultMs);
  if (loss.lostBeforeFault > 0 && reach.lagMs === null)
    return 'no part of the log was seen to be durable by the fault';
  const lagMs = reach.lagMs ?? 0;
  const late = `the log was ${formatDuration(lagMs)} late at most`;
  const lostMs = faultMs - (loss.oldestMs ?? faultMs);
  if (loss.lostBeforeFault > 0 && lostMs > lagMs + logSlackMs)
    return `the oldest lost write is ${formatDuration(lostMs)} older than the fault, and ${late}`;
  const { missedMs } = reach;
  if (missedMs === null || missedMs <= lagMs) return null;
  return missedMs === Infinity
    ? 'no part of the log was seen to be durable'
    : `the log was last read ${formatDuration(missedMs)} before a write that the fault left it a second for, and ${late}`;
}

/**
 * Its own backups, as declared; where it has none, those of what the steps restored, for it lies there.
 * Where a command of the user's own may have put something back, and nothing says how old that may be,
 * nothing bounds the loss: a drill sees no more than its length. Beside a restore of another component that
 * is any command where it is; if it was broken itself, any that is not where another of its kind is.
 */
function wentBackTo(
  evidence: Evidence,
  component: string,
  ran: readonly ProtectionSeen[],
): Interval[] | 'none' {
  const own = declared(evidence, component, []);
  const { strategy, scenario } = evidence;
  const follows = Object.values(strategy.components[component]?.backups ?? {}).some(({ every }) => !every);
  const steps = stepsOf(scenario);
  const others = [...new Set(steps.flatMap((step) => pointTakenBy(step)?.component ?? []))].map((name) =>
    recoveryMeansOf(evidence, name, ran),
  );
  const service = strategy.components[component]?.service ?? component;
  const places = steps.flatMap((step) => runsIn(step) ?? []);
  const isBroken = faultedComponents(evidence.events).includes(component);
  const mayBring = isBroken ? isBroughtByCommand(evidence, component) : places.includes(service);
  const byCommand = others.length === 0 ? places.length > 0 : mayBring;
  if (own !== 'none') return own;
  if (byCommand) return [];
  if (follows) return 'none';
  const theirs = others.flatMap(({ replayed, snapshots }) => (replayed ? [] : snapshots.map(ofSchedule)));
  return theirs.length > 0 ? theirs : 'none';
}

const ofSchedule = (seen: ProtectionSeen): Interval => ({
  backup: seen.backup,
  intervalMs: seen.intervalMs!,
  durabilityMs: seen.durabilityMs,
  seen,
});

/**
 * Something was put back, though no step of Muster's own restored this component: by a command of the
 * user's, or with another component. A component that an action of its own brought data to, such as a
 * promotion, rests on no backup; one that was only started does.
 */
function wentBack({ scenario }: Evidence, component: string, loss: LostWrites): boolean {
  const steps = stepsOf(scenario);
  const acted = steps.some((step) => replacedDataBy(step)?.of === component);
  return loss.lost > 0 && !acted && steps.some((step) => runsIn(step) !== null || pointTakenBy(step));
}

/** Backups of the component as the strategy declares them, with what the drill saw of each. */
function declared(
  { events, strategy }: Evidence,
  component: string,
  named: readonly string[],
): Interval[] | 'none' {
  const ran = protectionOf(events, drillTimesOf(events).faultMs);
  const all = Object.entries(strategy.components[component]?.backups ?? {}).flatMap(([name, plan]) => {
    const seen = ran.find((one) => one.component === component && one.name === name) ?? null;
    if (!plan.every || (named.length > 0 && !named.includes(name)) || seen?.holdsData === false) return [];
    return [
      {
        backup: `${component}.${name}`,
        intervalMs: plan.every.ms,
        durabilityMs: seen?.durabilityMs ?? null,
        seen,
      },
    ];
  });
  return all.length > 0 || named.length > 0 ? all : 'none';
}

function scheduledWorst(
  timed: readonly (Interval & { durabilityMs: number })[],
  loss: LostWrites,
  faultMs: number,
  thrown: Delay,
): Worst {
  const slowest = timed.reduce((a, b) =>
    b.intervalMs + b.durabilityMs > a.intervalMs + a.durabilityMs ? b : a,
  );
  const afterMs = Math.max(0, (loss.newestMs ?? faultMs) - faultMs);
  const parts = [
    `interval ${formatDuration(slowest.intervalMs)} (declared)`,
    `durability ${formatDuration(slowest.durabilityMs)} (measured)`,
  ];
  if (loss.lostAfterFault > 0)
    parts.push(`thrown away after the fault ${formatDuration(afterMs)} (measured)`, ...thrown.how);
  const ms = slowest.intervalMs + slowest.durabilityMs + afterMs + delayMs(thrown);
  return {
    ms,
    leastMs: ms,
    basis: basisWith('interval declared, durability measured', thrown),
    how: parts.join(' + '),
  };
}
