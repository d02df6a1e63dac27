import type { Measure } from '../core/measure.ts';
import { eventsOf, type EventData } from '../core/timeline.ts';
import type { Verdict } from '../core/verdict.ts';
import { finding } from './finding.ts';

type Asked = EventData['fault.asked-again'];

function judged({ there, staysAway, proof }: Asked): { verdict: Verdict; detail: string } {
  if (there === false)
    return { verdict: 'pass', detail: `Asked again when the recovery was over: ${proof}.` };
  if (staysAway) return { verdict: 'pass', detail: `Its target stays away by intent: ${proof}.` };
  if (there) return { verdict: 'fail', detail: `It was not recovered from: ${proof}.` };
  return { verdict: 'inconclusive', detail: `Whether it is still there could not be seen: ${proof}.` };
}

export const stillThere: Measure = {
  about: 'No fault has its effect still when the recovery is over: the witness is asked again',
  judge: ({ events }) =>
    eventsOf(events, 'fault.asked-again').map(({ data, seq }) =>
      finding({
        id: `still-there/${data.fault}/${data.target}`,
        title: `${data.fault} of ${data.target} was recovered from`,
        ...judged(data),
        evidence: [seq],
        gate: true,
      }),
    ),
};
