import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { logTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { Verdict } from '../core/verdict.ts';
import { faultedComponents, drillTimesOf } from './drill-times.ts';
import { finding, plural, seqsOf, writesLeast } from './finding.ts';
import { countsForLoss, lossOf, type LostWrites } from './loss.ts';
import { findingOfRow, type ObjectiveRow } from './objective.ts';
import { worstLossOf, type Worst } from './worst-loss.ts';

const lostOf = (load: LoadAnalysis): number =>
  (load.data?.lostBeforeFault ?? 0) + (load.data?.lostAfterFault ?? 0);

/** Components that a fault was aimed at, and those whose loads lost something all the same. */
function touchedComponents({ events, ledger }: Evidence): string[] {
  const losing = ledger.loads
    .filter((load) => countsForLoss(load) && lostOf(load) > 0)
    .map((load) => load.target);
  return [...new Set([...faultedComponents(events), ...losing])];
}

/** One row for each component with an RPO that was touched. */
export function rpoRows(evidence: Evidence): ObjectiveRow[] {
  return touchedComponents(evidence).flatMap((component) => {
    const rpo = evidence.strategy.components[component]?.objectives.rpo;
    return rpo ? [rowOf(evidence, component, rpo.ms)] : [];
  });
}

/**
 * Fewer acknowledged operations before the fault say nothing of what is lost, unless the scenario says
 * otherwise.
 */
export const operationsLeast = 100;

function rowOf(evidence: Evidence, component: string, objectiveMs: number): ObjectiveRow {
  const { faultMs } = drillTimesOf(evidence.events);
  const loads = ownLoads(evidence, component);
  const loss = lossOf(loads, faultMs, evidence.ledger.damage);
  const row = { component, kind: 'rpo' as const, objectiveMs, evidence: evidenceOf(evidence, component) };
  const unbounded = (verdict: Verdict, detail: string): ObjectiveRow => ({
    ...row,
    actualMs: null,
    worstMs: null,
    basis: 'measured',
    verdict,
    detail,
  });
  if (typeof loss === 'string') return unbounded('inconclusive', `No recovery point: ${loss}.`);
  if (loss.total)
    return unbounded(
      'fail',
      `${tellLoss(loss)}, all that there was at the fault: the loss reaches back beyond the drill, so no recovery point bounds it.`,
    );
  const thin = loss.rpaMs > objectiveMs ? null : tooThin(evidence, loads);
  if (thin !== null) return unbounded('inconclusive', `${tellLoss(loss)}. ${thin}`);
  return unlessUnread(evidence, component, {
    ...row,
    actualMs: loss.rpaMs,
    ...heldAgainst(objectiveMs, loss, worstLossOf(evidence, component, loss)),
  });
}

/**
 * A log that is replayed and was not read to its end, though its source was there to give it: what is missing
 * may be missing for that alone, which is no failure of the system, and no promise kept either. Where nothing
 * at all is there, it is not the end of a log that is missing.
 */
function unlessUnread({ events, scenario }: Evidence, component: string, row: ObjectiveRow): ObjectiveRow {
  const replayed = stepsOf(scenario).flatMap((step) => logTakenBy(step)?.backup ?? []);
  const unread = eventsOf(events, 'log.broken').find(
    ({ data }) => data.unread && replayed.includes(data.backup) && data.backup.split('.')[0] === component,
  );
  if (!unread || row.verdict !== 'fail') return row;
  return {
    ...row,
    verdict: 'inconclusive',
    evidence: [...row.evidence, unread.seq].sort((a, b) => a - b),
    detail: `${row.detail} What is missing may be missing for this alone: ${unread.data.backup} was not read to its end (${unread.data.error}).`,
  };
}

/** Why so few operations say nothing; null when there were enough. */
function tooThin({ scenario }: Evidence, loads: readonly LoadAnalysis[]): string | null {
  const sum = (of: (load: LoadAnalysis) => number): number =>
    loads.reduce((total, load) => total + of(load), 0);
  const least = Math.max(...loads.map(({ load }) => scenario.load[load]?.least ?? operationsLeast));
  const operations = sum(({ service }) => service.acknowledgedBeforeFault);
  const writes = sum(({ service }) => service.writesBeforeFault);
  if (operations >= least && writes >= Math.min(least, writesLeast)) return null;
  return `Only ${plural(operations, 'operation')} of its clients (${plural(writes, 'write')}) acknowledged before the fault: too few to tell, at least ${formatCount(least)} (${formatCount(Math.min(least, writesLeast))}) are needed.`;
}

/** A promise that lies between what is known to be lost and what may be is neither kept nor broken. */
function heldAgainst(
  objectiveMs: number,
  loss: LostWrites,
  worst: Worst,
): Pick<ObjectiveRow, 'worstMs' | 'verdict' | 'basis' | 'detail'> {
  const seen = `${tellLoss(loss)}: RPA ${formatDuration(loss.rpaMs)}, and at most ${formatDuration(loss.atMostMs)}, as far back as the newest write that is there.`;
  const leastMs = Math.max(loss.rpaMs, worst.leastMs);
  const promised = `promised ${formatDuration(objectiveMs)}`;
  if (worst.ms === null)
    return {
      worstMs: null,
      verdict: leastMs > objectiveMs ? 'fail' : 'inconclusive',
      basis: worst.basis,
      detail: `${seen} The worst case is not known: ${worst.how}, ${promised}.`,
    };
  const verdict =
    leastMs > objectiveMs
      ? 'fail'
      : loss.atMostMs > objectiveMs && !(loss.lost === 0 && objectiveMs === 0)
        ? 'inconclusive'
        : 'pass';
  const between =
    verdict === 'inconclusive'
      ? ' That lies between what is known to be lost and what may be: write more often.'
      : '';
  return {
    worstMs: leastMs,
    verdict,
    basis: worst.basis,
    detail: `${seen} Worst case ${worst.how} = ${formatDuration(leastMs)}, ${promised}.${between}`,
  };
}

const ownLoads = ({ ledger }: Evidence, component: string): LoadAnalysis[] =>
  ledger.loads.filter((load) => load.target === component && countsForLoss(load));

function tellLoss(loss: LostWrites): string {
  if (loss.lost === 0) return `None of ${formatCount(loss.acknowledged)} acknowledged writes is missing`;
  const share = `${formatCount(loss.lost)} of ${formatCount(loss.acknowledged)} acknowledged writes are missing`;
  return `${share} (${formatCount(loss.lostBeforeFault)} from before the fault, ${formatCount(loss.lostAfterFault)} from after it)`;
}

function evidenceOf({ events, ledger }: Evidence, component: string): number[] {
  const own = new Set(ledger.loads.filter((load) => load.target === component).map((load) => load.index));
  const backups = events.filter(
    (event) =>
      (event.type === 'schedule.begun' || event.type === 'backup.durable') &&
      event.data.backup.split('.')[0] === component,
  );
  const readbacks = events.filter((event) => event.type === 'readback.ended' && own.has(event.data.index));
  return [...backups, ...readbacks]
    .map((event) => event.seq)
    .concat(seqsOf(events, 'fault.begun', 'recovery.begun', 'ledger.chunk'))
    .sort((a, b) => a - b);
}

/** Acknowledged writes are gone, and nobody said how many may be: that is for a person to decide. */
const unpromised = (evidence: Evidence) =>
  touchedComponents(evidence).flatMap((component) => {
    if (evidence.strategy.components[component]?.objectives.rpo) return [];
    const loss = lossOf(
      ownLoads(evidence, component),
      drillTimesOf(evidence.events).faultMs,
      evidence.ledger.damage,
    );
    if (typeof loss === 'string' || loss.lost === 0) return [];
    return [
      finding({
        id: `rpo/${component}`,
        title: `${component} lost acknowledged writes, and has no RPO`,
        verdict: 'inconclusive',
        actual: loss.rpaMs,
        unit: 'ms',
        detail: `${tellLoss(loss)}: RPA ${formatDuration(loss.rpaMs)}. The strategy promises nothing that this could be held against.`,
        evidence: evidenceOf(evidence, component),
        gate: true,
      }),
    ];
  });

export const rpo: Measure = {
  about:
    'LostWrites: from the oldest acknowledged write that is missing to the fault, and its worst case, against the RPO',
  judge: (evidence) => [
    ...rpoRows(evidence).map((row) =>
      findingOfRow(row, `${row.component} loses no more than its RPO`, row.worstMs ?? row.actualMs),
    ),
    ...unpromised(evidence),
  ],
};
