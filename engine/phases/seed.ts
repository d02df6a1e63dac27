import { environmentError, messageOf } from '../../core/errors.ts';
import { stepsOf } from '../../core/steps/index.ts';
import { invariantOutcome } from '../command.ts';
import { attachedTo, workloadOf, type Drill } from '../drill-context.ts';
import { workOf } from '../steps/index.ts';
import { actionAtHand } from '../steps/run.ts';
import { sayWait, waitFor, waitForFormer } from '../waiting.ts';
import type { Phase } from './phase.ts';
import { withDeadline } from '../../core/deadline.ts';

/** Before anything is measured, the drill before is over. */
export const seed: Phase = {
  name: 'seed',
  run: async (drill) => {
    await seedData(drill);
    await waitForFormer(drill);
  },
};

/** Loads the data set, prepares Muster's own records and notes what the checks compare with later. */
async function seedData(drill: Drill): Promise<void> {
  const { plan, timeline } = drill;
  const { ms: deadlineMs } = plan.scenario.stepDeadline;
  for (const step of plan.scenario.seed) {
    const { owner, carryOut } = actionAtHand(drill, step);
    await waitFor(drill, `seeding: ${step.run} of ${owner.name}`, deadlineMs, carryOut);
    drill.signal.throwIfAborted();
  }
  await refuseUnusable(drill);
  sayWait(drill, 'preparing the loads, each', deadlineMs);
  for (const workload of new Set(Object.values(plan.scenario.load).map((load) => workloadOf(drill, load)))) {
    await withDeadline(drill.clock, 'preparing a load', deadlineMs, workload.prepare());
    drill.signal.throwIfAborted();
  }
  for (const { named, component, check, byDefault } of plan.checks) {
    const { before } = attachedTo(drill, component).checks[check]!;
    const noted =
      before &&
      waitFor(drill, `noting for the check ${named} what is there before the load`, deadlineMs, before);
    // Nobody asked for it, and nothing is done to it: the drill goes on without, and the check says so.
    const lacking = (error: unknown): undefined =>
      void timeline.emit('note', {
        text: `what ${named} compares with could not be noted: ${messageOf(error)}`,
      });
    const facts = await (byDefault === 'beside' ? noted?.catch(lacking) : noted);
    if (facts !== undefined) timeline.emit('check.baseline', { check: named, facts });
    drill.signal.throwIfAborted();
  }
  // On the host, what the drill before is taking down is there as well.
  if (plan.invariants.length > 0) await waitForFormer(drill);
  for (const { named, command } of plan.invariants) {
    const { verdict, detail, facts } = await invariantOutcome(drill, command);
    if (verdict !== 'pass')
      throw environmentError(`the invariant ${named} does not hold before anything was broken: ${detail}`);
    timeline.emit('check.baseline', { check: named, facts });
  }
}

/**
 * What cannot be restored or replayed is said while there is something to lose, not after the loss.
 */
async function refuseUnusable(drill: Drill): Promise<void> {
  for (const step of stepsOf(drill.plan.scenario)) {
    await workOf(step).makeReady?.(drill, step);
    drill.signal.throwIfAborted();
  }
}
