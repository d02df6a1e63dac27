import type { LedgerAnalysis } from '../core/analysis.ts';
import { eventsOf, phases, type TimelineEvent } from '../core/timeline.ts';
import type { DrillResult } from '../core/result.ts';
import { undosOf } from './undo.ts';
import { faultsOf } from './witness.ts';

/** The parts of a result that only tell what is on the timeline, without judging it. */

/** Of a damaged ledger no counts of data are told, for they cannot be trusted. */
export const loadsSection = (ledger: LedgerAnalysis): DrillResult['loads'] =>
  ledger.loads
    .map((one) => ({ ...one, data: ledger.damage === null ? one.data : null }))
    .map(({ load, target, kind, volatile, service, data }) => ({
      load,
      target,
      kind,
      volatile,
      operations: service.operations,
      right: service.right,
      wrong: service.wrong,
      failed: service.failed,
      unknown: service.unknown,
      acknowledged: data?.acknowledged ?? null,
      classes: data?.classes ?? null,
      holes: data?.holes ?? null,
      lostBeforeFault: data?.lostBeforeFault ?? null,
      lostAfterFault: data?.lostAfterFault ?? null,
      examples: { ...data?.examples },
    }));

export const seriesSection = (ledger: LedgerAnalysis): DrillResult['series'] =>
  ledger.loads.map(({ load, series: { longer: _longer, timed: _timed, ...series } }) => ({
    load,
    ...series,
  }));

/**
 * A point with neither an end nor a failure is unfinished, as the one that a fault at the worst moment cuts
 * off.
 */
export function backupsSection(events: readonly TimelineEvent[]): DrillResult['backups'] {
  const durable = new Map(eventsOf(events, 'backup.durable').map((event) => [event.data.id, event]));
  const failed = new Map(eventsOf(events, 'backup.failed').map((event) => [event.data.id, event]));
  return eventsOf(events, 'backup.begun').map(({ atMs, data: { id, backup, point } }) => {
    const done = durable.get(id);
    const failure = failed.get(id);
    return {
      backup,
      point,
      state: done ? 'durable' : failure ? 'failed' : 'unfinished',
      begunMs: atMs,
      consistentMs: done?.data.consistentAtMs ?? null,
      durableMs: done?.atMs ?? null,
      plainBytes: done?.data.plainBytes ?? null,
      storedBytes: done?.data.storedBytes ?? null,
      copies: done?.data.copies ?? [],
      position: done?.data.position ?? {},
      error: failure?.data.error ?? null,
    };
  });
}

/** What was never undone is null. */
export function faultsSection(events: readonly TimelineEvent[]): DrillResult['faults'] {
  const healed = new Map(
    undosOf(events).map(({ of, ended }) => [of, ended && (ended.data.ok ? ended.data.healed : false)]),
  );
  return faultsOf(events).map(({ id, fault, target, begunMs, outcome }) => ({
    fault,
    target,
    begunMs,
    witnessedMs: outcome?.type === 'fault.witnessed' ? outcome.atMs : null,
    proof: outcome?.type === 'fault.witnessed' ? outcome.data.proof : null,
    healed: healed.get(id) ?? null,
  }));
}

/** Each time that a step was begun: an attempt that is begun anew has the same steps again. */
export function stepsSection(events: readonly TimelineEvent[]): DrillResult['steps'] {
  const ended = new Map(eventsOf(events, 'step.ended').map((event) => [event.data.id, event]));
  return eventsOf(events, 'step.begun').map(({ atMs, data: { id, title } }) => {
    const end = ended.get(id);
    return {
      title,
      beginMs: atMs,
      endMs: end?.atMs ?? null,
      ok: end?.data.ok ?? null,
      error: end?.data.error ?? null,
      facts: end?.data.facts ?? null,
    };
  });
}

export const notesSection = (events: readonly TimelineEvent[]): DrillResult['notes'] =>
  eventsOf(events, 'note').map(({ atMs, data: { text } }) => ({ atMs, text }));

export const checksSection = (
  events: readonly TimelineEvent[],
  knownBad: (check: string, component: string | null) => DrillResult['checks'][number]['knownBad'],
): DrillResult['checks'] =>
  eventsOf(events, 'check.ended').map(({ data: { check, component, verdict, detail } }) => ({
    check,
    component,
    verdict,
    detail,
    knownBad: knownBad(check, component),
  }));

export function phasesSection(events: readonly TimelineEvent[]): DrillResult['phases'] {
  const ended = new Map(eventsOf(events, 'phase.ended').map((event) => [event.data.phase, event]));
  const begun = eventsOf(events, 'phase.begun').map(({ atMs, data: { phase } }) => ({
    phase,
    beginMs: atMs,
    endMs: ended.get(phase)?.atMs ?? null,
    ok: ended.get(phase)?.data.ok ?? null,
  }));
  return begun.sort((a, b) => a.beginMs - b.beginMs || phases.indexOf(a.phase) - phases.indexOf(b.phase));
}
