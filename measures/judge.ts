import type { LedgerAnalysis } from '../core/analysis.ts';
import { exitCodes, inputError, messageOf, type Trouble } from '../core/errors.ts';
import type { KnownBad } from '../core/known-bad.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { procedureKinds, procedureOf } from '../core/procedures.ts';
import type { DrillResult } from '../core/result.ts';
import { eventsOf, firstOf, lastOf, type DrillOutcome, type TimelineEvent } from '../core/timeline.ts';
import { exitCodeOf, worstVerdict, type Finding } from '../core/verdict.ts';
import { alertRows } from './alert-rows.ts';
import { unavailableSeconds } from './availability.ts';
import { delayMs, delayOf } from './detection.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding } from './finding.ts';
import { ledgerRows } from './ledger-rows.ts';
import { limitationsOf } from './limitations.ts';
import { countsForLoss, lossOf } from './loss.ts';
import { madeReady, totalMs } from './made-ready.ts';
import { timeScaleOf } from './protection.ts';
import { recoveryTimeOf, rtoRows } from './rto.ts';
import { rpoRows } from './rpo.ts';
import { scoreOf } from './score.ts';
import { errorBudgetOf } from './slo.ts';
import {
  backupsSection,
  checksSection,
  faultsSection,
  loadsSection,
  notesSection,
  phasesSection,
  seriesSection,
  stepsSection,
} from './sections.ts';
import { restoreOnlyMs, waterfallOf } from './waterfall.ts';
import { faultsOf } from './witness.ts';

export interface JudgeInput {
  events: readonly TimelineEvent[];
  /** Null when the drill never came to have a ledger. */
  ledger: LedgerAnalysis | null;
  measures: Readonly<Record<string, Measure>>;
  /** What is wrong with the bundle that it comes from; null or left out when it is whole. */
  damage?: string | null;
  /** The run in which a check was seen to fail; left out where nobody is asked. */
  knownBad?: (check: string, component: string | null) => KnownBad | null;
}

/**
 * The whole judgement, as `result.json` holds it. Pure: the same bundle gives the same result, years later. A
 * drill that did not run to its end gets a valid result that is never a pass; what was not measured is null.
 * Throws an input error when the timeline does not begin with `drill.begun`.
 */
export function judge({
  events,
  ledger,
  measures,
  damage = null,
  knownBad = () => null,
}: JudgeInput): DrillResult {
  const begun = firstOf(events, 'drill.begun');
  if (!begun)
    throw inputError('not the timeline of a drill', {
      found: events[0]?.type ?? 'no event',
      expected: 'drill.begun',
      hint: 'was the bundle cut off, or is it another folder?',
    });
  const { strategy, scenario } = begun.data;
  const evidence: Evidence = { events, strategy, scenario, ledger: ledger ?? { loads: [], damage: null } };
  const ending = endingOf(events);
  const findings = [
    ...damageFinding(damage),
    ...endingFinding(ending),
    ...(ending.outcome === 'refused' ? [] : runMeasures(evidence, measures)),
  ];
  const verdict = worstVerdict(findings.map((one) => one.verdict));
  const time = timeSection(evidence);
  return {
    schema: 'muster/result/v1',
    drill: begun.data.drill,
    scenario: scenario.scenario,
    title: scenario.title,
    about: scenario.about ?? null,
    strategy: strategy.strategy,
    seed: begun.data.seed,
    timeScale: timeScaleOf(events, scenario),
    begunUtc: begun.utc,
    durationMs: events.at(-1)!.atMs - begun.atMs,
    muster: begun.data.muster,
    host: begun.data.host,
    images: (firstOf(events, 'stack.up')?.data.images ?? []).map((image) => ({ ...image })),
    servers: Object.fromEntries(
      eventsOf(events, 'component.attached').map(({ data }) => [data.component, data.server]),
    ),
    outcome: ending.outcome,
    error: ending.error,
    verdict,
    exitCode:
      ending.outcome === 'interrupted'
        ? exitCodes.interrupted
        : ending.trouble
          ? exitCodes[ending.trouble]
          : exitCodeOf(verdict),
    score: scoreOf(findings),
    time,
    waterfall: waterfallOf(events, drillTimesOf(events), time.impactMs, time.correctMs),
    data: dataSection(evidence),
    objectives: objectivesSection(evidence),
    loads: loadsSection(evidence.ledger),
    backups: backupsSection(events),
    faults: faultsSection(events),
    steps: stepsSection(events),
    checks: [...ledgerRows(evidence, findings, knownBad), ...checksSection(events, knownBad)],
    notes: notesSection(events),
    findings,
    phases: phasesSection(events),
    series: seriesSection(evidence.ledger),
    unavailableSeconds: unavailableSeconds(evidence.ledger, evidence),
    alerts: alertRows(evidence),
    errorBudget: errorBudgetOf(evidence),
    limitations: limitationsOf(evidence),
  };
}

interface Ending {
  outcome: DrillOutcome;
  error: string | null;
  seq: number | null;
  trouble: Trouble | null;
}

/** A timeline without an ending belongs to a Muster that was killed. */
function endingOf(events: readonly TimelineEvent[]): Ending {
  const ended = lastOf(events, 'drill.ended');
  if (!ended)
    return {
      outcome: 'aborted',
      error: 'the timeline breaks off: Muster did not live to end the drill',
      seq: null,
      trouble: null,
    };
  return {
    outcome: ended.data.outcome,
    error: ended.data.error ?? null,
    seq: ended.seq,
    trouble: ended.data.trouble ?? null,
  };
}

/** Whatever the measures make of it: evidence that is not whole proves nothing. */
const damageFinding = (damage: string | null): Finding[] =>
  damage === null
    ? []
    : [
        finding({
          id: 'bundle/whole',
          title: 'The evidence is whole',
          verdict: 'inconclusive',
          detail: `It is not: ${damage}. Judge the bundle as its own run left it, or run the drill again.`,
          evidence: [],
          gate: true,
        }),
      ];

/** In front of whatever the measures say: a drill that did not run to its end is at best inconclusive. */
function endingFinding({ outcome, error, seq }: Ending): Finding[] {
  if (outcome === 'completed') return [];
  return [
    finding({
      id: 'drill/completed',
      title: 'The drill ran to its end',
      verdict: 'inconclusive',
      detail: `It was ${outcome}: ${error ?? 'no reason was given'}.`,
      evidence: seq === null ? [] : [seq],
      gate: true,
    }),
  ];
}

/**
 * What these say holds whether or not anything was broken. Everything else is about a recovery, and without a
 * fault there was none.
 */
const regardless = new Set(['witness', 'undo', 'availability', 'backups', 'schedule', 'retention']);

function runMeasures(evidence: Evidence, measures: Readonly<Record<string, Measure>>): Finding[] {
  const witnessed = faultsOf(evidence.events).every(({ outcome }) => outcome?.type === 'fault.witnessed');
  const { breaks } = procedureKinds[procedureOf(evidence.events)];
  const asked = Object.entries(measures).filter(([, { ofFaults }]) => breaks || !ofFaults);
  const findings = asked.flatMap(([name, measure]) => {
    try {
      const found = measure.judge(evidence);
      if (witnessed) return found;
      return regardless.has(name) ? found.map(unfelt) : found.map(unwitnessed);
    } catch (error) {
      return [
        finding({
          id: `measure/${name}`,
          title: `${name} could be judged`,
          verdict: 'inconclusive',
          detail: `The measure broke: ${messageOf(error)}.`,
          evidence: [],
          gate: true,
        }),
      ];
    }
  });
  const seqs = new Set(evidence.events.map((event) => event.seq));
  const ids = new Map<string, number>();
  return findings.map((one) => {
    const times = (ids.get(one.id) ?? 0) + 1;
    ids.set(one.id, times);
    return provenOnly(times === 1 ? one : { ...one, id: `${one.id}/${times}` }, seqs);
  });
}

/** No witness, no verdict: what went well may have gone well because nothing was broken. */
const unwitnessed = (one: Finding): Finding =>
  one.verdict === 'pass'
    ? { ...one, verdict: 'inconclusive', detail: `${one.detail} Not a pass: no witness saw what was broken.` }
    : one;

/**
 * That clients were to notice nothing of the fault: what they noticed without one was the recovery, which had
 * nothing to do.
 */
const unfelt = (one: Finding): Finding =>
  one.id === 'impact/none' && one.verdict === 'fail'
    ? { ...one, verdict: 'inconclusive', detail: `${one.detail} Not of the fault, which no witness saw.` }
    : one;

/**
 * The rule that no measure can break: no pass without events that are really there, nor without a figure
 * where one was promised.
 */
function provenOnly(one: Finding, seqs: ReadonlySet<number>): Finding {
  if (one.verdict !== 'pass') return one;
  const doubt =
    one.evidence.length === 0
      ? 'no event proves it'
      : one.evidence.some((seq) => !seqs.has(seq))
        ? 'it rests on events that are not on the timeline'
        : one.objective !== null && (one.actual === null || !Number.isFinite(one.actual))
          ? 'it has no figure to hold against its objective'
          : null;
  return doubt === null
    ? one
    : { ...one, verdict: 'inconclusive', detail: `${one.detail} Not a pass: ${doubt}.` };
}

function timeSection(evidence: Evidence): DrillResult['time'] {
  const { events, strategy, ledger } = evidence;
  const moments = drillTimesOf(events);
  const { faultMs, witnessedMs, detectedMs, recoveryBegunMs, recoveryEndedMs, readyMs, verifiedMs } = moments;
  const time = recoveryTimeOf(ledger.loads, moments, ledger.damage);
  const delay = delayOf(strategy, moments.automatic);
  const ready = madeReady(events, time.correctMs);
  return {
    faultMs,
    witnessedMs,
    impactMs: time.impactMs,
    detectedMs,
    recoveryBegunMs,
    recoveryEndedMs,
    readyMs,
    correctMs: time.correctMs,
    verifiedMs,
    rtaMs: time.rtaMs,
    outageMs: time.correctMs === null || time.impactMs === null ? null : time.correctMs - time.impactMs,
    restoreOnlyMs: restoreOnlyMs(events, recoveryEndedMs ?? events.at(-1)!.atMs),
    resolutionMs: time.resolutionMs,
    derivedDetectionMs: delay.derivedMs,
    declaredPeopleMs: delay.declaredMs,
    ...(ready.length > 0 ? { madeReadyMs: totalMs(ready) } : {}),
    worstRtaMs: time.rtaMs === null ? null : time.rtaMs + delayMs(delay) + totalMs(ready),
  };
}

const objectivesSection = (evidence: Evidence): DrillResult['objectives'] =>
  [...rtoRows(evidence), ...rpoRows(evidence)].map(
    ({ component, kind, objectiveMs, actualMs, worstMs, verdict, basis }) => ({
      component,
      kind,
      objectiveMs,
      actualMs,
      worstMs,
      verdict,
      basis,
    }),
  );

/** Over all loads that must keep their data; the worst case is that of the component that it is worst for. */
function dataSection(evidence: Evidence): DrillResult['data'] {
  const loss = lossOf(
    evidence.ledger.loads.filter(countsForLoss),
    drillTimesOf(evidence.events).faultMs,
    evidence.ledger.damage,
  );
  const worst = rpoRows(evidence).map((row) => row.worstMs);
  return {
    rpaMs: typeof loss === 'string' || loss.total ? null : loss.rpaMs,
    rpaAtMostMs: typeof loss === 'string' || loss.total ? null : loss.atMostMs,
    worstRpaMs: worst.length === 0 || worst.includes(null) ? null : Math.max(...(worst as number[])),
    newestSurvivorMs: typeof loss === 'string' ? null : loss.newestSurvivorMs,
  };
}
