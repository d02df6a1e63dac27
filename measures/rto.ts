import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { basisWith, delayMs, delayOf } from './detection.ts';
import { faultedComponents, drillTimesOf, type DrillTimes } from './drill-times.ts';
import { feltFault } from './felt.ts';
import { seqsOf } from './finding.ts';
import { madeReady, readyText, totalMs } from './made-ready.ts';
import { steadyMs, steadyOperations } from './ledger-service.ts';
import { findingOfRow, type ObjectiveRow } from './objective.ts';
import { isLostWithRegion, ownClients, probedTime, witnessAlone } from './own-clients.ts';
import { silentAtEndMs } from './silence.ts';
import type { RecoveryTime } from './recovery-time.ts';

const nothing = { rtaMs: null, correctMs: null, impactMs: null, resolutionMs: null, neverRight: false };

/**
 * RTA = correct - fault, the latest over the loads that failed. `correct` is the completion of the first
 * right operation of the final unbroken run of at least 2 s and 20 operations (DESIGN §3). Where none of
 * `witnesses` felt the fault, what failed may be what the recovery itself broke, and there is no RTA.
 */
export function recoveryTimeOf(
  loads: readonly LoadAnalysis[],
  moments: DrillTimes,
  damage: string | null,
  witnesses: readonly LoadAnalysis[] = loads,
): RecoveryTime {
  const time = rightAgainOf(loads, moments, damage);
  if (time.rtaMs === null || witnesses.some((load) => feltFault(load, moments))) return time;
  return { ...time, rtaMs: null, reason: 'no client operation failed before the recovery began' };
}

/** As RTA, whatever they failed by. */
export function rightAgainOf(
  loads: readonly LoadAnalysis[],
  moments: DrillTimes,
  damage: string | null,
): RecoveryTime {
  if (damage !== null) return { ...nothing, reason: `the ledger is damaged: ${damage}` };
  if (moments.faultMs === null) return { ...nothing, reason: 'nothing was broken' };
  if (loads.length === 0) return { ...nothing, reason: 'no load was running' };
  const felt = loads.filter((load) => load.service.impactMs !== null);
  if (felt.length === 0)
    return {
      ...nothing,
      reason: silentOf(loads, moments) ?? 'no client operation failed after the fault',
    };
  const impactMs = Math.min(...felt.map((load) => load.service.impactMs!));
  const open = felt.filter((load) => load.service.correctMs === null);
  if (open.length > 0) return neverRight(open, moments, moments.faultMs, impactMs);
  const silent = silentOf(loads, moments);
  if (silent !== null) return { ...nothing, impactMs, reason: silent };
  const slowest = felt.reduce((a, b) => (b.service.correctMs! > a.service.correctMs! ? b : a));
  const { correctMs, correctResolutionMs } = slowest.service;
  return {
    rtaMs: correctMs! - moments.faultMs,
    correctMs,
    impactMs,
    resolutionMs: correctResolutionMs,
    reason: null,
    neverRight: false,
  };
}

/** Nobody was told of a failure, and nobody was served. */
function silentOf(loads: readonly LoadAnalysis[], moments: DrillTimes): string | null {
  for (const load of loads) {
    const ms = silentAtEndMs(load, moments);
    if (ms !== null)
      return `${load.load} had had no right answer for ${formatDuration(ms)} when the observation ended, and no failure says why`;
  }
  return null;
}

/** Why loads that felt the fault were not right again, and whether that is certain. */
function neverRight(
  open: readonly LoadAnalysis[],
  moments: DrillTimes,
  faultMs: number,
  impactMs: number,
): RecoveryTime {
  const unknown = { ...nothing, impactMs };
  if (moments.observationEndedMs === null)
    return { ...unknown, reason: `${open[0]!.load} was not right again when the drill stopped observing` };
  const stuck = open.find((load) => !isGuess(load) && !asksTooSeldom(load, moments));
  if (stuck) {
    const last = formatDuration(stuck.service.lastFailureMs! - faultMs);
    const slow =
      stuck.service.tooSlow > 0
        ? `; ${formatCount(stuck.service.tooSlow)} answers took longer than the strategy calls slow`
        : '';
    return {
      ...unknown,
      neverRight: true,
      reason: `${stuck.load} was never right for 2 s and ${steadyOperations} operations; its last failure was ${last} after the fault${slow}`,
    };
  }
  const guess = open.find(isGuess);
  if (guess)
    return {
      ...unknown,
      reason: `${guess.load} was not read back, so its answers cannot be told right from wrong`,
    };
  const { load, service } = open[0]!;
  return {
    ...unknown,
    reason: `${load} asks too seldom: ${service.rightSinceFailure} right answers since its last failure, and ${steadyOperations} operations within the observation are needed`,
  };
}

/**
 * A load so slow that the rule's operations do not fit into what was watched since its last failure, though
 * everything were right.
 */
function asksTooSeldom(
  { ratePerSecond, service, series }: LoadAnalysis,
  { observationEndedMs, recoveryEndedMs, faultMs }: DrillTimes,
): boolean {
  // A journey is several operations.
  const perSecond = Math.max(
    ratePerSecond,
    (1_000 * service.acknowledgedBeforeFault) / Math.max(1, faultMs! - series.startMs),
  );
  const fits = (fromMs: number): boolean =>
    (perSecond * (observationEndedMs! - fromMs)) / 1_000 >= steadyOperations;
  const calmMs = observationEndedMs! - service.lastFailureMs!;
  return !fits(recoveryEndedMs ?? faultMs!) || (calmMs >= steadyMs && !fits(service.lastFailureMs!));
}

/**
 * Without its read-back a read of lost data counts as wrong: an upper bound, which may pass but cannot fail.
 * An operation that got no answer is no guess.
 */
const isGuess = (load: LoadAnalysis): boolean =>
  load.kind === 'data' && load.data === null && load.service.wrong > 0;

/**
 * Components with an RTO that the fault was aimed at, or whose own load felt it. One without clients of its
 * own is judged by its own probe.
 */
export function rtoRows(evidence: Evidence): ObjectiveRow[] {
  if (evidence.scenario.impact === 'none') return [];
  const { loads } = evidence.ledger;
  const faulted = faultedComponents(evidence.events);
  const felt = loads.filter((load) => load.service.impactMs !== null).map((load) => load.target);
  return [...new Set([...faulted, ...felt])].flatMap((component) => {
    const rto = evidence.strategy.components[component]?.objectives.rto;
    return rto ? (judgedBy(evidence, component, rto.ms) ?? []) : [];
  });
}

/**
 * By its own clients; by those that share its way in, where they failed by the fault; else by its own probe.
 * Where these failed only when somebody had acted, and had asked too little before that to tell, or may have
 * failed by another fault, by whichever of the two says later. What was lost with its region they judge
 * alone, wherever they are served by then. Null where nothing says anything.
 */
function judgedBy(evidence: Evidence, component: string, objectiveMs: number): ObjectiveRow | null {
  const moments = drillTimesOf(evidence.events);
  const clients = ownClients(evidence, component);
  const byClients = clients.length > 0 ? rowOf(evidence, component, objectiveMs, clients) : null;
  const isOwn = clients.some((load) => witnessAlone(evidence, component, load, moments));
  if (isOwn || (byClients !== null && isLostWithRegion(evidence, component))) return byClients;
  const probed = probedTime(evidence, component, moments);
  if (probed === null) return byClients;
  const byProbe = rowOf(evidence, component, objectiveMs, [], probed);
  // Of the two, who knows nothing is not outvoted by who came back without it.
  if (probed.rtaMs === null && byClients?.verdict !== 'fail') return byProbe;
  const isLater = probed.neverRight || (byProbe.actualMs ?? 0) > (byClients?.actualMs ?? Infinity);
  return isLater || !clients.some((load) => feltFault(load, moments)) ? byProbe : byClients;
}

function rowOf(
  evidence: Evidence,
  component: string,
  objectiveMs: number,
  loads: readonly LoadAnalysis[],
  probed?: RecoveryTime,
): ObjectiveRow {
  const moments = drillTimesOf(evidence.events);
  // What was not broken itself suffers from what was, as soon as anybody does.
  const isBroken = component === 'drill' || faultedComponents(evidence.events).includes(component);
  const witnesses = isBroken ? loads : evidence.ledger.loads;
  const time = probed ?? recoveryTimeOf(loads, moments, evidence.ledger.damage, witnesses);
  const delay = delayOf(evidence.strategy, moments.automatic);
  const ready = madeReady(evidence.events, time.correctMs);
  const row = {
    component,
    kind: 'rto' as const,
    objectiveMs,
    basis: [
      basisWith(probed ? 'measured by its own probe' : 'measured', delay),
      ...(ready.length > 0 ? ['what was ready before added'] : []),
    ].join(', '),
    evidence: [...timeEvidence(evidence, loads), ...ready.map(({ seq }) => seq)].sort((a, b) => a - b),
  };
  if (time.rtaMs === null) {
    return {
      ...row,
      actualMs: null,
      worstMs: null,
      verdict: time.neverRight ? 'fail' : 'inconclusive',
      detail: `No recovery time: ${time.reason}.`,
    };
  }
  const worstMs = time.rtaMs + delayMs(delay) + totalMs(ready);
  const verdict = worstMs <= objectiveMs ? 'pass' : loads.some(isGuess) ? 'inconclusive' : 'fail';
  const resolution = time.resolutionMs === null ? '' : ` (± ${formatDuration(time.resolutionMs)})`;
  const sum = [`measured ${formatDuration(time.rtaMs)}${resolution}`, ...delay.how, ...readyText(ready)].join(
    ' + ',
  );
  const guess =
    verdict === 'inconclusive'
      ? ' It was not read back, so some right answers may have counted as wrong.'
      : '';
  return {
    ...row,
    actualMs: time.rtaMs,
    worstMs,
    verdict,
    detail: `${probed ? 'Its own probe said ready' : 'Clients had right answers again'} after ${sum} = ${formatDuration(worstMs)}, promised ${formatDuration(objectiveMs)}.${guess}`,
  };
}

/** The events that a recovery time of these loads rests on. */
export function timeEvidence({ events }: Evidence, loads: readonly LoadAnalysis[]): number[] {
  const ended = events.filter(
    (event) => event.type === 'load.ended' && loads.some((load) => load.index === event.data.index),
  );
  return [
    ...seqsOf(
      events,
      'fault.begun',
      'fault.witnessed',
      'recovery.begun',
      'recovery.ended',
      'ready',
      'observation.ended',
      'asked',
      'ledger.chunk',
    ),
    ...ended.map((event) => event.seq),
  ].sort((a, b) => a - b);
}

/**
 * The drill as a whole: the latest of all loads, against the loosest RTO among the components that were
 * broken.
 */
function wholeFinding(evidence: Evidence): Finding[] {
  const objectives = faultedComponents(evidence.events).flatMap(
    (component) => evidence.strategy.components[component]?.objectives.rto?.ms ?? [],
  );
  if (objectives.length === 0 || evidence.scenario.impact === 'none') return [];
  const row = rowOf(evidence, 'drill', Math.max(...objectives), evidence.ledger.loads);
  return [
    {
      ...findingOf(row),
      id: 'rto/drill',
      claim: null,
      title: 'Every client has right answers again within the RTO',
      weight: 0,
    },
  ];
}

const findingOf = (row: ObjectiveRow): Finding =>
  findingOfRow(row, `${row.component} recovers within its RTO`, row.worstMs);

export const rto: Measure = {
  about: 'Recovery time: correct - fault, with derived detection and declared human time, against the RTO',
  judge: (evidence) => [...rtoRows(evidence).map(findingOf), ...wholeFinding(evidence)],
};
