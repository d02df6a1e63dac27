import { every } from '../core/clock.ts';
import { messageOf, MusterError, NoRecoveryPoint } from '../core/errors.ts';
import type { Plan } from '../core/planned.ts';
import type { DrillOutcome } from '../core/timeline.ts';
import type { Control, Drill, EngineDependencies, RunOptions } from './drill-context.ts';
import { openDrill } from './open-drill.ts';
import { nothingHanded, type Ending, type Handed, type Phase } from './phases/phase.ts';
import { endings, procedures, type Procedure } from './procedures/index.ts';
import { unlessAborted } from './undo.ts';

const ledgerFlushMs = 250;
/** More than a command is given between SIGTERM and SIGKILL. */
const endingMs = 3_000;

/**
 * Carries out one drill and leaves its timeline and ledger in its folder. Never rejects for what happens to
 * the system under test: that is what the timeline is for. What was started is taken down whatever happened.
 * Rejects with an environment error when there is nowhere to write, before anything is started.
 */
export async function runDrill(
  plan: Plan,
  dependencies: EngineDependencies,
  options: RunOptions,
): Promise<{ id: string; folder: string; outcome: DrillOutcome; error: unknown }> {
  const drill = openDrill(plan, dependencies, options);
  const { timeline } = drill;
  const stopFlushing = every(dependencies.clock, ledgerFlushMs, () => drill.ledger.flush());
  let outcome: DrillOutcome = 'completed';
  let error: unknown = null;
  for (const text of plan.notes) timeline.emit('note', { text });
  try {
    await live(drill, procedures[plan.procedure]);
  } catch (thrown) {
    error = drill.signal.aborted ? (drill.signal.reason ?? thrown) : thrown;
    outcome = options.signal.aborted && !isTrouble(error) ? 'interrupted' : 'aborted';
  }
  stopFlushing();
  for (const ending of endings) await carryOutEnding(drill, ending);
  drill.ledger.close();
  if (outcome === 'completed' && drill.signal.aborted && isTrouble(drill.signal.reason)) {
    outcome = 'aborted';
    error = drill.signal.reason;
  }
  const trouble = error instanceof MusterError ? error.trouble : 'internal';
  timeline.emit('drill.ended', {
    outcome,
    ...(error ? { error: messageOf(error) } : {}),
    ...(outcome === 'aborted' && !(error instanceof NoRecoveryPoint) ? { trouble } : {}),
  });
  timeline.close();
  return { id: drill.id, folder: drill.folder, outcome, error };
}

/** Whoever ends a drill from outside may do so because something broke, which is no interruption. */
const isTrouble = (reason: unknown): boolean =>
  reason instanceof MusterError && reason.trouble !== 'interrupted';

/** The phases of the procedure, in order. What one of them began and others go on under ends with them. */
async function live(drill: Drill, { phases }: Procedure): Promise<void> {
  const handed = nothingHanded();
  const lasting = new Set<Phase>();
  try {
    for (const phase of phases) {
      for (const one of lasting) if (one.lastsUntil === phase.name) await end(drill, handed, lasting, one);
      if (phase.end) lasting.add(phase);
      await carryOut(drill, handed, phase);
    }
  } catch (error) {
    for (const one of lasting) await end(drill, handed, lasting, one).catch(() => undefined);
    throw error;
  }
}

/** Once, whatever becomes of it. */
async function end(drill: Drill, handed: Handed, lasting: Set<Phase>, phase: Phase): Promise<void> {
  lasting.delete(phase);
  await phase.end!(drill, handed);
}

async function carryOut(drill: Drill, handed: Handed, { name, run, endsItself }: Phase): Promise<void> {
  drill.signal.throwIfAborted();
  drill.timeline.emit('phase.begun', { phase: name });
  drill.progress({ kind: 'phase', phase: name });
  try {
    const work = run(drill, handed);
    await (endsItself ? work : untilAborted(drill, work));
    drill.signal.throwIfAborted();
    drill.timeline.emit('phase.ended', { phase: name, ok: true });
  } catch (error) {
    drill.timeline.emit('phase.ended', { phase: name, ok: false, error: messageOf(error) });
    throw error;
  }
}

/** Whatever happened before: each failure is put on the timeline beside what had failed already. */
async function carryOutEnding(drill: Drill, { name, run }: Ending): Promise<void> {
  drill.timeline.emit('phase.begun', { phase: name });
  drill.progress({ kind: 'phase', phase: name });
  drill.timeline.emit('phase.ended', { phase: name, ok: await run(drill) });
}

/**
 * What is told to end is given a moment, so that what it said by then is evidence too; what hangs keeps
 * nobody from cleaning up.
 */
async function untilAborted<T>({ signal, clock }: Control, work: Promise<T>): Promise<T> {
  try {
    return await unlessAborted(signal, work);
  } catch (error) {
    if (signal.aborted) await Promise.race([work.catch(() => undefined), clock.sleep(endingMs)]);
    throw error;
  }
}
