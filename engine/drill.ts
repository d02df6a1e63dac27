import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { every } from '../core/clock.ts';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import type { Outcome, Phase } from '../core/timeline.ts';
import type { Recorder } from '../core/workload.ts';
import { askAll, type SeenRunning } from './asked.ts';
import { readyComponents, stateOfServices, withoutEndedJobs, type Before } from './before.ts';
import { breakIt, detect } from './break.ts';
import { countingWrites } from './covered.ts';
import { workloadOf, type Drill, type EngineDependencies, type RunOptions } from './drill-context.ts';
import { loadSpaceOf } from './load-space.ts';
import { startDataLoad, startJourneys, type Load } from './load.ts';
import { openDrill } from './open-drill.ts';
import type { Plan } from './plan.ts';
import { clearScratch, observe, recover } from './recover.ts';
import { startSchedules, type Schedules } from './schedule.ts';
import { askFaultsAgain } from './still-there.ts';
import { unlessAborted, withDeadline } from './undo.ts';
import { bringUp, closeAll, seedData } from './up.ts';
import { readBackAll, runChecks } from './verify.ts';
import { sayWait, waitFor, waitForFormer } from './waiting.ts';

const ledgerFlushMs = 250;
const downDeadlineMs = 180_000;
/** More than a command is given between SIGTERM and SIGKILL. */
const endingMs = 3_000;
const settleDeadlineMs = 10_000;

/**
 * Carries out one drill and leaves its timeline and ledger in its folder. Never rejects for what happens to
 * the system under test: that is what the timeline is for. What was started is taken down whatever happened.
 * Rejects with an environment error when there is nowhere to write, before anything is started.
 */
export async function runDrill(
  plan: Plan,
  dependencies: EngineDependencies,
  options: RunOptions,
): Promise<{ id: string; folder: string; outcome: Outcome; error: unknown }> {
  const drill = openDrill(plan, dependencies, options);
  const { timeline } = drill;
  const stopFlushing = every(dependencies.clock, ledgerFlushMs, () => drill.ledger.flush());
  let outcome: Outcome = 'completed';
  let error: unknown = null;
  for (const text of plan.notes) timeline.emit('note', { text });
  try {
    await live(drill);
  } catch (thrown) {
    error = drill.options.signal.aborted ? (drill.options.signal.reason ?? thrown) : thrown;
    outcome = options.signal.aborted && !isTrouble(error) ? 'interrupted' : 'aborted';
  }
  stopFlushing();
  await takeDown(drill);
  drill.ledger.close();
  if (outcome === 'completed' && drill.options.signal.aborted && isTrouble(drill.options.signal.reason)) {
    outcome = 'aborted';
    error = drill.options.signal.reason;
  }
  const trouble = error instanceof MusterError ? error.trouble : 'internal';
  timeline.emit('drill.ended', {
    outcome,
    ...(error ? { error: messageOf(error) } : {}),
    ...(outcome === 'aborted' ? { trouble } : {}),
  });
  timeline.close();
  return { id: drill.id, folder: drill.folder, outcome, error };
}

/** Whoever ends a drill from outside may do so because something broke, which is no interruption. */
const isTrouble = (reason: unknown): boolean =>
  reason instanceof MusterError && reason.trouble !== 'interrupted';

async function phase<T>(drill: Drill, name: Phase, work: () => Promise<T>): Promise<T> {
  drill.options.signal.throwIfAborted();
  drill.timeline.emit('phase.begun', { phase: name });
  drill.dependencies.progress({ kind: 'phase', phase: name });
  try {
    // A stack that is half up is taken down by whoever brings it up. Whatever else hangs keeps nobody from
    // cleaning up.
    const result = await (name === 'up' ? work() : untilAborted(drill, work()));
    drill.options.signal.throwIfAborted();
    drill.timeline.emit('phase.ended', { phase: name, ok: true });
    return result;
  } catch (error) {
    drill.timeline.emit('phase.ended', { phase: name, ok: false, error: messageOf(error) });
    throw error;
  }
}

/**
 * What is told to end is given a moment, so that what it said by then is evidence too; what hangs keeps
 * nobody from cleaning up.
 */
async function untilAborted<T>(
  { options: { signal }, dependencies: { clock } }: Drill,
  work: Promise<T>,
): Promise<T> {
  try {
    return await unlessAborted(signal, work);
  } catch (error) {
    if (signal.aborted) await Promise.race([work.catch(() => undefined), clock.sleep(endingMs)]);
    throw error;
  }
}

/** up … verify. */
async function live(drill: Drill): Promise<void> {
  await phase(drill, 'up', () => bringUp(drill));
  await phase(drill, 'seed', () => seedData(drill));
  await waitForFormer(drill);
  const loads: Load[] = [];
  let schedules: Schedules | null = null;
  let before: Before = new Map();
  let readyBefore: string[] = [];
  let seen: SeenRunning = new Map();
  let allEnded = false;
  try {
    const loadBegunMs = drill.dependencies.clock.nowMs();
    await phase(drill, 'protect', async () => {
      await startLoads(drill, loads);
      schedules = startSchedules(drill);
      await schedules.havePoints(drill.plan.scenario.points);
    });
    before = await unlessAborted(drill.options.signal, stateOfServices(drill));
    readyBefore = await unlessAborted(drill.options.signal, readyComponents(drill));
    const noticed = await phase(drill, 'break', () =>
      breakIt(
        drill,
        schedules!,
        loadBegunMs,
        async () => void (before = await withoutEndedJobs(drill, before)),
      ),
    );
    await phase(drill, 'detect', () => detect(drill, noticed));
    await phase(drill, 'recover', async () => {
      await waitFor(drill, 'ending the backups', drill.plan.scenario.stepDeadline.ms, () =>
        schedules!.stop(),
      );
      schedules = null;
      await recover(drill);
      for (const open of drill.moments.open)
        drill.timeline.emit('note', { text: `a fault waited for ${open}, which never came` });
      clearScratch(drill);
      seen = await observe(drill);
    });
  } finally {
    await settled(drill, 'ending the backups', (schedules as Schedules | null)?.stop());
    allEnded = await stopLoads(drill, loads);
    drill.pulse.stop();
  }
  // A client that waits for ever has no answer, and leaves no record that says so.
  if (!allEnded)
    throw environmentError('what clients had asked for was never over, so that the ledger lacks it', {
      expected: 'every operation of a load to end, answered or not',
    });
  await phase(drill, 'verify', async () => {
    await readBackAll(drill);
    await runChecks(drill);
    await askFaultsAgain(drill);
    await askAll(drill, before, readyBefore, seen);
  });
}

/**
 * What is under way is given as long as a step; when the drill is ended from outside, only `settleDeadlineMs`
 * is left to it. False where it did not end.
 */
async function settled(drill: Drill, what: string, work: Promise<unknown> | undefined): Promise<boolean> {
  if (!work) return true;
  const { ms: deadlineMs } = drill.plan.scenario.stepDeadline;
  return unlessAborted(drill.options.signal, withDeadline(drill.dependencies.clock, what, deadlineMs, work))
    .catch(() => withDeadline(drill.dependencies.clock, what, settleDeadlineMs, work))
    .then(
      () => true,
      (error: unknown) => {
        drill.timeline.emit('note', { text: messageOf(error) });
        return false;
      },
    );
}

async function startLoads(drill: Drill, loads: Load[]): Promise<void> {
  const { plan, timeline, dependencies, options, pulse } = drill;
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
      clock: dependencies.clock,
      seed: (options.seed + index * 7919) >>> 0,
      ratePerSecond: rate.perSecond,
      recorder,
      firstId: loadSpaceOf(plan.scenario.load, name).firstId,
      seen: pulse.watch(name, workload.kind === 'data'),
      slowMs: plan.strategy.slo?.slow?.ms ?? null,
    };
    loads.push(
      workload.kind === 'data'
        ? await startDataLoad(workload, common)
        : await startJourneys(workload, common),
    );
  }
}

/** False where an operation of them did not end. */
async function stopLoads(drill: Drill, loads: Load[]): Promise<boolean> {
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

/**
 * heal and down: always, whatever happened before; each failure is put on the timeline beside what had failed
 * already.
 */
async function takeDown(drill: Drill): Promise<void> {
  const { timeline, options, dependencies } = drill;
  timeline.emit('phase.begun', { phase: 'heal' });
  dependencies.progress({ kind: 'phase', phase: 'heal' });
  let healed = true;
  await drill.undo.unwind((of, { name, deadlineMs }) => {
    const id = timeline.newId('undo');
    timeline.emit('undo.begun', { id, of, undo: name });
    sayWait(drill, name, deadlineMs);
    return (outcome) => {
      healed &&= outcome.ok;
      timeline.emit('undo.ended', { id, ...outcome });
    };
  });
  timeline.emit('phase.ended', { phase: 'heal', ok: healed });
  timeline.emit('phase.begun', { phase: 'down' });
  dependencies.progress({ kind: 'phase', phase: 'down' });
  const errors = await closeAll(drill);
  clearScratch(drill);
  if (!options.keep) {
    rmSync(join(drill.folder, 'stores'), { recursive: true, force: true });
    try {
      if (drill.stack)
        await waitFor(drill, 'taking the stack down', downDeadlineMs, () => drill.stack!.down());
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  const ok = errors.length === 0;
  if (drill.stack)
    timeline.emit(
      'stack.down',
      options.keep ? { ok, error: 'kept as asked' } : { ok, ...(ok ? {} : { error: errors.join('; ') }) },
    );
  else for (const text of errors) timeline.emit('note', { text });
  timeline.emit('phase.ended', { phase: 'down', ok });
}
