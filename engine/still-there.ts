import { messageOf } from '../core/errors.ts';
import type { Drill } from './drill-context.ts';
import { waitFor } from './waiting.ts';

const askDeadlineMs = 60_000;

/**
 * Asks each fault of a component whether its effect is still there, now that the recovery is over. Those of
 * stores and regions, and what was so beforehand, are the surroundings of a recovery and stay. Never rejects
 * for what they say.
 */
export async function askFaultsAgain(drill: Drill): Promise<void> {
  const { staysAway } = drill.plan.scenario;
  for (const { id, fault, target, done } of drill.inflicted) {
    if (!done.stillThere) continue;
    drill.signal.throwIfAborted();
    const what = `looking whether ${fault} of ${target} is still there`;
    const service = drill.plan.components.get(target)?.service ?? target;
    const about = { id, fault, target, staysAway: staysAway.includes(target) || staysAway.includes(service) };
    try {
      const proof = await waitFor(drill, what, askDeadlineMs, done.stillThere);
      drill.timeline.emit('fault.asked-again', {
        ...about,
        there: proof !== null,
        proof: proof?.what ?? 'nothing of it is seen any more',
      });
    } catch (error) {
      drill.timeline.emit('fault.asked-again', { ...about, there: null, proof: messageOf(error) });
    }
  }
}
