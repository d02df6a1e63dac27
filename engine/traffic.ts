import { messageOf } from '../core/errors.ts';
import type { Recorder } from '../core/workload.ts';
import { countingWrites } from './covered.ts';
import { workloadOf, type Control, type Drill, type Given, type Recorded } from './drill-context.ts';
import { loadSpaceOf } from './load-space.ts';
import { startDataLoad, startVisits, type Load } from './load.ts';
import { unlessAborted } from './undo.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

const settleDeadlineMs = 10_000;

/**
 * What is under way is given as long as a step; when the drill is ended from outside, only `settleDeadlineMs`
 * is left to it. False where it did not end.
 */
export async function settled(
  drill: Recorded & Control & Given,
  what: string,
  work: Promise<unknown> | undefined,
): Promise<boolean> {
  if (!work) return true;
  const { ms: deadlineMs } = drill.plan.scenario.stepDeadline;
  return unlessAborted(drill.signal, withDeadline(drill.clock, what, deadlineMs, work))
    .catch(() => withDeadline(drill.clock, what, settleDeadlineMs, work))
    .then(
      () => true,
      (error: unknown) => {
        drill.timeline.emit('note', { text: messageOf(error) });
        return false;
      },
    );
}

export async function startLoads(drill: Drill, loads: Load[]): Promise<void> {
  const { plan, timeline, clientWatch } = drill;
  for (const [index, [name, load]] of Object.entries(plan.scenario.load).entries()) {
    const { target, rate, volatile } = load;
    const workload = workloadOf(drill, load);
    timeline.emit('load.begun', {
      load: name,
      index,
      target,
      kind: workload.kind,
      ratePerSecond: rate.perSecond,
      neverReturn: workload.kind !== 'visits' && workload.neverReturn,
      volatile,
      ...(workload.kind === 'data' && workload.blindTo?.length ? { blindTo: [...workload.blindTo] } : {}),
    });
    const recorder: Recorder = countingWrites(drill, name, drill.ledger.recorder(index));
    const common = {
      clock: drill.clock,
      seed: (drill.seed + index * 7919) >>> 0,
      ratePerSecond: rate.perSecond,
      recorder,
      firstId: loadSpaceOf(plan.scenario.load, name).firstId,
      seen: clientWatch.watch(name, workload.kind === 'data'),
      slowMs: plan.strategy.slo?.slow?.ms ?? null,
    };
    loads.push(
      workload.kind === 'data' ? await startDataLoad(workload, common) : await startVisits(workload, common),
    );
  }
}

/** False where an operation of them did not end. */
export async function stopLoads(drill: Recorded & Control & Given, loads: Load[]): Promise<boolean> {
  sayWait(drill, 'ending the loads', drill.plan.scenario.stepDeadline.ms);
  const allEnded = await settled(
    drill,
    'ending the loads',
    Promise.allSettled(loads.map((load) => load.stop())),
  );
  drill.ledger.flush();
  Object.keys(drill.plan.scenario.load).forEach((load, index) => {
    if (index < loads.length)
      drill.timeline.emit('load.ended', { load, index, operations: drill.ledger.recordsOf(index) });
  });
  return allEnded;
}
