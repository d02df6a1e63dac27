import { environmentError, messageOf } from '../../core/errors.ts';
import { procedureKinds } from '../../core/procedures.ts';
import type { Json } from '../../core/timeline.ts';
import { invariantOutcome } from '../command.ts';
import { attachedTo, type Drill } from '../drill-context.ts';

/** What was taken away, and the invariants that hold all the same: whatever is restored, they would. */
interface Emptied {
  emptied: Json;
  heldWhenEmpty: string[];
}

/**
 * What the image and its scripts made of a sandbox would pass for what is restored, also where a script does
 * nothing: it is taken away first. Null in a drill, and where the driver cannot do it.
 */
export async function emptySandbox(drill: Drill, component: string): Promise<Emptied | null> {
  const { plan } = drill;
  if (procedureKinds[plan.procedure].breaks) return null;
  const restorer = await attachedTo(drill, component).existing();
  if (!restorer) return null;
  const { database } = plan.strategy.components[component]?.existing ?? {};
  const emptied = await restorer.empty({ database }, 'databases').catch((cause: unknown) => {
    throw environmentError('the server of the sandbox cannot be emptied for the backup', {
      found: messageOf(cause),
      cause,
    });
  });
  return { emptied, heldWhenEmpty: await heldWhenEmpty(drill) };
}

/** Of the invariants that are asked afterwards. One that cannot be carried out does not hold. */
export async function heldWhenEmpty(drill: Drill): Promise<string[]> {
  const held: string[] = [];
  for (const { named, command } of drill.plan.invariants) {
    const outcome = await invariantOutcome(drill, command).catch(() => null);
    drill.signal.throwIfAborted();
    if (outcome?.verdict === 'pass') held.push(named);
  }
  return held;
}
