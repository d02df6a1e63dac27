import type { Measure } from '../core/measure.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import type { Verdict } from '../core/verdict.ts';
import { finding } from './finding.ts';

/** Each undo with the fault that it is of, and its end; null where it never ended. */
export function undosOf(
  events: readonly TimelineEvent[],
): { of: string; ended: TimelineEvent<'undo.ended'> | null }[] {
  const ended = new Map(eventsOf(events, 'undo.ended').map((event) => [event.data.id, event]));
  return eventsOf(events, 'undo.begun').map(({ data: { id, of } }) => ({ of, ended: ended.get(id) ?? null }));
}

function tell({
  ok,
  healed,
  error,
}: {
  ok: boolean;
  healed: boolean | null;
  error?: string | undefined;
}): string {
  if (error !== undefined) return `It failed: ${error}.`;
  if (!ok || healed === false)
    return 'It ran, and until its deadline nobody saw what there was before: the fault may still be there.';
  return healed === null
    ? 'It ran; what the fault destroyed was for the recovery to bring back.'
    : 'It ran, and nothing of the fault is left.';
}

export const undo: Measure = {
  about: 'Each fault was undone, and an independent look found nothing of it left',
  judge({ events }) {
    const ended = eventsOf(events, 'undo.ended');
    const findings = ended.map(({ seq, data }, index) => {
      const verdict: Verdict = data.ok && data.healed !== false ? 'pass' : 'fail';
      const repeated = ended.findIndex((other) => other.data.undo === data.undo) < index;
      const detail = tell(data);
      return finding({
        id: `undo/${data.undo}${repeated ? `/${index + 1}` : ''}`,
        title: `${data.undo} is undone`,
        verdict,
        detail,
        evidence: [seq],
        gate: true,
      });
    });
    const injected = eventsOf(events, 'fault.injected');
    const undone = undosOf(events).flatMap((one) => (one.ended ? [one.of] : []));
    const left = injected.filter(({ data }) => !undone.includes(data.id));
    if (left.length === 0) return findings;
    const detail = `${left.length} of ${injected.length} injected faults have no undo on the timeline.`;
    return [
      ...findings,
      finding({
        id: 'undo/missing',
        title: 'Every fault was undone',
        verdict: 'inconclusive',
        detail,
        evidence: left.map((event) => event.seq),
        gate: true,
      }),
    ];
  },
};
