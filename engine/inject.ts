import type { ActiveFault } from '../core/active-fault.ts';
import { pollUntil } from '../core/clock.ts';
import { messageOf, MusterError, NothingToActOn } from '../core/errors.ts';
import { losesData, type PlannedFault } from '../core/planned.ts';
import type { Json } from '../core/timeline.ts';
import type { Control, Drill, Given, Recorded } from './drill-context.ts';
import { targetOf } from './targets/index.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

const witnessEveryMs = 25;

/**
 * Time zero is stamped before anything is done: no effect can be earlier. Null where there was nothing to act
 * on: the drill goes on, and shows nothing. `underWay`: changes of clients that did not end when theirs were
 * held; left out where none were.
 */
export async function inject(
  drill: Drill,
  planned: PlannedFault,
  strike: () => Promise<ActiveFault>,
  underWay?: number,
): Promise<ActiveFault | null> {
  const { id, plan, params } = planned;
  const which = { id, fault: plan.name, target: plan.target };
  const { timeline } = drill;
  const target = targetOf(planned);
  const takes = losesData(planned);
  timeline.emit('fault.begun', {
    ...which,
    params: params as Json,
    ...target.shown(planned, drill.plan.components),
    ...(plan.beforehand ? { beforehand: true } : {}),
    ...(underWay === undefined ? {} : { underWay }),
    ...(takes === false ? {} : { losesData: takes }),
  });
  try {
    const { ms: deadlineMs } = drill.plan.scenario.stepDeadline;
    sayWait(drill, `injecting ${plan.name} into ${plan.target}`, deadlineMs);
    // What takes effect only when nobody waits for it any more is undone all the same.
    const striking = strike().then((one) => {
      drill.undo.push(id, target.undo?.(drill, plan.target, one.undo) ?? one.undo);
      return one;
    });
    const inflicted = await withDeadline(
      drill.clock,
      `injecting ${plan.name} into ${plan.target}`,
      deadlineMs,
      striking,
    );
    if (target.isUnderTest && !plan.beforehand) {
      drill.inflicted.push({ ...which, done: inflicted });
      if (inflicted.route !== undefined) emitRoute(drill, which, inflicted.route);
    }
    const asks = target.isUnderTest && !plan.beforehand && inflicted.stillThere !== undefined;
    timeline.emit('fault.injected', { ...which, facts: inflicted.facts, ...(asks ? { asks } : {}) });
    return inflicted;
  } catch (error) {
    if (error instanceof NothingToActOn) {
      timeline.emit('fault.unwitnessed', { ...which, waitedMs: 0 });
      timeline.emit('note', {
        text: `${plan.name} of ${plan.target} had nothing to act on: ${messageOf(error)}`,
      });
      return null;
    }
    timeline.emit('fault.failed', { ...which, error: messageOf(error) });
    throw new MusterError('environment', `fault ${plan.name} could not be injected into ${plan.target}`, {
      cause: error,
    });
  }
}

/** Who comes by the way that is broken. */
function emitRoute(
  drill: Recorded & Given,
  which: { id: string; fault: string; target: string },
  port: number,
): void {
  const { service } = drill.plan.components.get(which.target)!;
  const comesBy = [...drill.plan.components.values()].filter(
    ({ declared }) => declared.clients?.service === service && declared.clients.port === port,
  );
  drill.timeline.emit('fault.route', { ...which, port, usedBy: comesBy.map((one) => one.name) });
}

export async function witness(
  drill: Recorded & Control,
  { id, fault, plan }: PlannedFault,
  inflicted: ActiveFault,
): Promise<void> {
  const { timeline } = drill;
  const begunMs = drill.clock.nowMs();
  sayWait(drill, `looking for the effect of ${plan.name} of ${plan.target}`, fault.witnessDeadlineMs);
  let lastError: unknown = null;
  const proof = await pollUntil(
    drill.clock,
    { everyMs: witnessEveryMs, deadlineMs: fault.witnessDeadlineMs, signal: drill.signal },
    async () => {
      try {
        return await inflicted.witness();
      } catch (error) {
        lastError = error;
        return null;
      }
    },
  );
  const where = { id, fault: plan.name, target: plan.target };
  if (proof) timeline.emit('fault.witnessed', { ...where, proof: proof.what, facts: proof.facts });
  else {
    timeline.emit('fault.unwitnessed', { ...where, waitedMs: drill.clock.nowMs() - begunMs });
    if (lastError)
      timeline.emit('note', { text: `the witness of ${plan.name} failed: ${messageOf(lastError)}` });
  }
}
