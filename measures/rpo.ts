import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { basisWith, delayMs, delayOf, type Delay } from './detection.ts';
import { faultedComponents, momentsOf } from './drill.ts';
import { finding, seqsOf, weights } from './finding.ts';
import { countsForLoss, lossOf, type Loss } from './loss.ts';
import type { ObjectiveRow } from './objective.ts';
import { protectionOf, recoveryMeansOf } from './protection.ts';
import { judgeSchedule } from './schedule.ts';

const lostOf = (load: LoadAnalysis): number => (load.data?.lostBeforeFault ?? 0) + (load.data?.lostAfterFault ?? 0);

/** Components that a fault was aimed at, and those whose loads lost something all the same. */
function touchedComponents({ events, ledger }: Evidence): string[] {
  const losing = ledger.loads.filter((load) => countsForLoss(load) && lostOf(load) > 0).map((load) => load.target);
  return [...new Set([...faultedComponents(events), ...losing])];
}

/** One row for each component with an RPO that was touched. */
export function rpoRows(evidence: Evidence): ObjectiveRow[] {
  return touchedComponents(evidence).flatMap((component) => {
    const rpo = evidence.strategy.components[component]?.objectives.rpo;
    return rpo ? [rowOf(evidence, component, rpo.ms)] : [];
  });
}

function rowOf(evidence: Evidence, component: string, objectiveMs: number): ObjectiveRow {
  const { faultMs } = momentsOf(evidence.events);
  const loss = lossOf(ownLoads(evidence, component), faultMs, evidence.ledger.damage);
  const row = { component, kind: 'rpo' as const, objectiveMs, evidence: evidenceOf(evidence, component) };
  if (typeof loss === 'string') return { ...row, actualMs: null, worstMs: null, verdict: 'inconclusive', basis: 'measured', detail: `No recovery point: ${loss}.` };
  if (loss.total) {
    return { ...row, actualMs: null, worstMs: null, verdict: 'fail', basis: 'measured', detail: `${tellLoss(loss)}, all that there was at the fault: the loss reaches back beyond the drill, so no recovery point bounds it.` };
  }
  const worst = worstOf(evidence, component, loss);
  const seen = `${tellLoss(loss)}: RPA ${formatDuration(loss.rpaMs)}.`;
  if (worst.ms === null) {
    const verdict = loss.rpaMs > objectiveMs ? 'fail' : 'inconclusive';
    return { ...row, actualMs: loss.rpaMs, worstMs: null, verdict, basis: worst.basis, detail: `${seen} The worst case is not known: ${worst.how}.` };
  }
  const worstMs = Math.max(loss.rpaMs, worst.ms);
  const detail = `${seen} Worst case ${worst.how} = ${formatDuration(worstMs)}, promised ${formatDuration(objectiveMs)}.`;
  return { ...row, actualMs: loss.rpaMs, worstMs, verdict: worstMs <= objectiveMs ? 'pass' : 'fail', basis: worst.basis, detail };
}

const ownLoads = ({ ledger }: Evidence, component: string): LoadAnalysis[] => ledger.loads.filter((load) => load.target === component && countsForLoss(load));

function tellLoss(loss: Loss): string {
  if (loss.lost === 0) return `None of ${formatCount(loss.acknowledged)} acknowledged writes is missing`;
  const share = `${formatCount(loss.lost)} of ${formatCount(loss.acknowledged)} acknowledged writes are missing`;
  return `${share} (${formatCount(loss.lostBeforeFault)} from before the fault, ${formatCount(loss.lostAfterFault)} from after it)`;
}

interface Worst { ms: number | null; basis: string; how: string }

/**
 * Worst-case RPA = I + D: declared interval, and the longest measured time from consistency to durability. What was
 * acknowledged after the fault and thrown away adds its window, and the time that detection and people take, for in real
 * life the broken service goes on accepting writes for that long. Continuous methods have no interval: the loss observed is
 * the answer, as it is for a snapshot at timeScale 1 and the worst moment. A schedule that did not do what it says bounds nothing.
 */
function worstOf(evidence: Evidence, component: string, loss: Loss): Worst {
  const moments = momentsOf(evidence.events);
  const means = recoveryMeansOf(evidence, component, protectionOf(evidence.events, moments.faultMs));
  const thrown = loss.lostAfterFault > 0 ? delayOf(evidence.strategy, moments.automatic) : { derivedMs: null, declaredMs: null, how: [] };
  const asSeen = !means.restored || means.replayed || (evidence.scenario.timeScale === 1 && evidence.scenario.fault.every((fault) => fault.at === 'worst'));
  if (asSeen) return { ms: loss.rpaMs + delayMs(thrown), basis: basisWith('measured', thrown), how: [`as observed ${formatDuration(loss.rpaMs)}`, ...thrown.how].join(' + ') };
  if (means.snapshots.length === 0) return { ms: null, basis: 'not measured', how: 'no backup of it ran on a schedule' };
  const timed = means.snapshots.filter((one) => one.durabilityMs !== null);
  if (timed.length === 0) return { ms: null, basis: 'not measured', how: 'no backup of it became durable, so nothing says how long that takes' };
  const late = means.snapshots.find((one) => judgeSchedule(evidence, one, moments.faultMs!).verdict === 'fail');
  if (late) return { ms: null, basis: 'not measured', how: `${late.backup} did not run on its schedule` };
  return { ...scheduledWorst(timed as { intervalMs: number; durabilityMs: number }[], loss, moments.faultMs!, thrown), basis: basisWith('interval declared, durability measured', thrown) };
}

function scheduledWorst(timed: readonly { intervalMs: number; durabilityMs: number }[], loss: Loss, faultMs: number, thrown: Delay): { ms: number; how: string } {
  const slowest = timed.reduce((a, b) => (b.intervalMs + b.durabilityMs > a.intervalMs + a.durabilityMs ? b : a));
  const afterMs = Math.max(0, (loss.newestMs ?? faultMs) - faultMs);
  const parts = [`interval ${formatDuration(slowest.intervalMs)} (declared)`, `durability ${formatDuration(slowest.durabilityMs)} (measured)`];
  if (loss.lostAfterFault > 0) parts.push(`thrown away after the fault ${formatDuration(afterMs)} (measured)`, ...thrown.how);
  return { ms: slowest.intervalMs + slowest.durabilityMs + afterMs + delayMs(thrown), how: parts.join(' + ') };
}

function evidenceOf({ events, ledger }: Evidence, component: string): number[] {
  const own = new Set(ledger.loads.filter((load) => load.target === component).map((load) => load.index));
  const backups = events.filter((event) => (event.type === 'schedule.begun' || event.type === 'backup.durable') && event.data.backup.split('.')[0] === component);
  const readbacks = events.filter((event) => event.type === 'readback.ended' && own.has(event.data.index));
  return [...backups, ...readbacks].map((event) => event.seq).concat(seqsOf(events, 'fault.begun', 'recovery.begun', 'ledger.chunk')).sort((a, b) => a - b);
}

/** Acknowledged writes are gone, and nobody said how many may be: that is for a person to decide. */
const unpromised = (evidence: Evidence) =>
  touchedComponents(evidence).flatMap((component) => {
    if (evidence.strategy.components[component]?.objectives.rpo) return [];
    const loss = lossOf(ownLoads(evidence, component), momentsOf(evidence.events).faultMs, evidence.ledger.damage);
    if (typeof loss === 'string' || loss.lost === 0) return [];
    return [finding({
      id: `rpo/${component}`, title: `${component} lost acknowledged writes, and has no RPO`, verdict: 'inconclusive', actual: loss.rpaMs, unit: 'ms',
      detail: `${tellLoss(loss)}: RPA ${formatDuration(loss.rpaMs)}. The strategy promises nothing that this could be held against.`, evidence: evidenceOf(evidence, component), gate: true,
    })];
  });

export const rpo: Measure = {
  about: 'Loss: from the oldest acknowledged write that is missing to the fault, and its worst case, against the RPO',
  judge: (evidence) => [
    ...rpoRows(evidence).map((row) => finding({
      id: `rpo/${row.component}`, claim: `${row.component}/rpo`, title: `${row.component} loses no more than its RPO`, verdict: row.verdict, actual: row.worstMs ?? row.actualMs, objective: row.objectiveMs,
      unit: 'ms', detail: row.detail, basis: row.basis, evidence: row.evidence, gate: true, weight: weights.objective,
    })),
    ...unpromised(evidence),
  ],
};
