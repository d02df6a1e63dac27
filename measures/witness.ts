import type { Measure } from '../core/measure.ts';
import { procedureKinds, procedureOf } from '../core/procedures.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { finding } from './finding.ts';

/** One injection, with what came of it. */
export interface FaultSeen {
  id: string;
  fault: string;
  target: string;
  begunMs: number;
  /** The event that settled it; null when none did. */
  outcome: TimelineEvent<'fault.witnessed' | 'fault.unwitnessed' | 'fault.failed'> | null;
  seqs: number[];
}

/** Each fault with what came of it. */
export function faultsOf(events: readonly TimelineEvent[]): FaultSeen[] {
  const outcomes = eventsOf(events, 'fault.witnessed', 'fault.unwitnessed', 'fault.failed');
  return eventsOf(events, 'fault.begun').map((begun) => {
    const outcome = outcomes.find(({ data }) => data.id === begun.data.id) ?? null;
    return {
      id: begun.data.id,
      fault: begun.data.fault,
      target: begun.data.target,
      begunMs: begun.atMs,
      outcome,
      seqs: outcome ? [begun.seq, outcome.seq] : [begun.seq],
    };
  });
}

function tell({ outcome, begunMs }: FaultSeen): string {
  if (outcome === null) return 'Nobody looked whether it took effect.';
  if (outcome.type === 'fault.witnessed')
    return `Seen ${formatDuration(outcome.atMs - begunMs)} after it began: ${outcome.data.proof}.`;
  if (outcome.type === 'fault.unwitnessed')
    return `No effect was seen within ${formatDuration(outcome.data.waitedMs)}: perhaps nothing was broken, and then nothing was recovered.`;
  return `It could not be injected: ${outcome.data.error}.`;
}

export const witness: Measure = {
  about: 'Each fault has independent proof that it took effect; without it there is no verdict',
  judge({ events, scenario }) {
    const seen = faultsOf(events);
    const names = seen.map(({ fault, target }) => `${fault}/${target}`);
    const findings = seen.map((one, index) =>
      finding({
        id: `witness/${names[index]}${names.indexOf(names[index]!) < index ? `/${index + 1}` : ''}`,
        title: `${one.fault} of ${one.target} took effect`,
        verdict: one.outcome?.type === 'fault.witnessed' ? 'pass' : 'inconclusive',
        actual: one.outcome?.type === 'fault.witnessed' ? one.outcome.atMs - one.begunMs : null,
        unit: 'ms',
        detail: tell(one),
        evidence: one.seqs,
        gate: true,
      }),
    );
    const { breaks } = procedureKinds[procedureOf(events)];
    const missing = Math.max(0, scenario.fault.length - seen.length);
    if (missing === 0 && (!breaks || seen.length > 0)) return findings;
    return [
      ...findings,
      finding({
        id: 'witness/missing',
        title: 'Every fault of the scenario was injected',
        verdict: 'inconclusive',
        detail:
          missing > 0 ? `${missing} of ${scenario.fault.length} never began.` : 'Nothing was to be broken.',
        evidence: [],
        gate: true,
      }),
    ];
  },
};
