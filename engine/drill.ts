import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { every, type Clock } from '../core/clock.ts';
import type { Recorder, Undo } from '../core/driver.ts';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import type { Outcome, Phase } from '../core/timeline.ts';
import { askAll, readyComponents, stateOfServices, withoutEndedJobs, type Before } from './asked.ts';
import { breakIt, detect } from './break.ts';
import { countingWrites } from './covered.ts';
import { workloadOf, type Drill, type EngineDependencies, type RunOptions } from './drill-context.ts';
import { createLedgerWriter } from './ledger-file.ts';
import { loadSpaceOf } from './load-space.ts';
import { startDataLoad, startJourneys, type Load } from './load.ts';
import { createMoments } from './moments.ts';
import type { Plan } from './plan.ts';
import { createPulse } from './pulse.ts';
import { clearScratch, observe, recover } from './recover.ts';
import { askFaultsAgain } from './still-there.ts';
import { startSchedules, type Schedules } from './schedule.ts';
import { createTimelineWriter } from './timeline-writer.ts';
import { createUndoStack, unlessAborted, withDeadline } from './undo.ts';
import { bringUp, closeAll, seedData } from './up.ts';
import { sayWait, waitFor } from './waiting.ts';
import { readBackAll, runChecks } from './verify.ts';

const ledgerFlushMs = 250;
const downDeadlineMs = 180_000;
/** More than a command is given between SIGTERM and SIGKILL. */
const endingMs = 3_000;
const settleDeadlineMs = 10_000;

/** An id that sorts by time and is a legal Compose project name. */
export const newDrillId = (utc: string, scenario: string): string =>
  `${utc.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${scenario.slice(0, 40)}-${randomBytes(2).toString('hex')}`;

function openDrill(plan: Plan, dependencies: EngineDependencies, options: RunOptions): Drill {
  const { clock } = dependencies;
  const id = newDrillId(clock.utc(), plan.scenario.scenario);
  const folder = join(dependencies.home, 'drills', id);
  const originMs = clock.nowMs();
  // A drill without evidence is worth nothing: it ends at once, and in order.
  const unwritable = new AbortController();
  const lost = (error: unknown): void => unwritable.abort(cannotWrite(folder, error));
  const { timeline, ledger } = openEvidence(folder, clock, originMs, lost);
  timeline.emit('drill.begun', {
    drill: id,
    seed: options.seed,
    muster: dependencies.version,
    originMonotonicMs: originMs,
    scenarioFile: plan.scenarioFile,
    strategyFile: plan.strategyFile,
    scenario: plan.scenario,
    strategy: plan.strategy,
    host: dependencies.host,
  });
  if (unwritable.signal.aborted) {
    rmSync(folder, { recursive: true, force: true });
    throw unwritable.signal.reason;
  }
  const signal = AbortSignal.any([options.signal, unwritable.signal]);
  return {
    id,
    folder,
    plan,
    dependencies,
    options: { ...options, signal },
    timeline,
    ledger,
    undo: createUndoStack(clock),
    pulse: createPulse(clock, dependencies.progress),
    moments: createMoments(),
    originMs,
    secrets: new Set(),
    stack: null,
    vault: null,
    stores: new Map(),
    regions: new Map(),
    attached: new Map(),
    acknowledged: new Map(),
    inflicted: [],
  };
}

const cannotWrite = (folder: string, error: unknown): MusterError =>
  environmentError('the evidence cannot be written', {
    found: messageOf(error),
    expected: `a folder that can be written, with room: ${folder}`,
    hint: '--out names another one',
    cause: error,
  });

function openEvidence(
  folder: string,
  clock: Clock,
  originMs: number,
  lost: (error: unknown) => void,
): Pick<Drill, 'timeline' | 'ledger'> {
  try {
    mkdirSync(folder, { recursive: true });
    const timeline = createTimelineWriter(join(folder, 'events.jsonl'), clock, originMs, lost);
    const ledger = createLedgerWriter(
      join(folder, 'ledger.bin'),
      originMs,
      (chunk) => void timeline.emit('ledger.chunk', chunk),
      lost,
    );
    return { timeline, ledger };
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

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
  const loads: Load[] = [];
  let schedules: Schedules | null = null;
  let before: Before = new Map();
  let readyBefore: string[] = [];
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
      await observe(drill);
    });
  } finally {
    await settled(drill, 'ending the backups', (schedules as Schedules | null)?.stop());
    await stopLoads(drill, loads);
    drill.pulse.stop();
  }
  await phase(drill, 'verify', async () => {
    await readBackAll(drill);
    await runChecks(drill);
    await askFaultsAgain(drill);
    await askAll(drill, before, readyBefore);
  });
}

/**
 * What is under way is given as long as a step; when the drill is ended from outside, only `settleDeadlineMs`
 * is left to it.
 */
async function settled(drill: Drill, what: string, work: Promise<unknown> | undefined): Promise<void> {
  if (!work) return;
  const { ms: deadlineMs } = drill.plan.scenario.stepDeadline;
  await unlessAborted(drill.options.signal, withDeadline(drill.dependencies.clock, what, deadlineMs, work))
    .catch(() => withDeadline(drill.dependencies.clock, what, settleDeadlineMs, work))
    .catch((error: unknown) => void drill.timeline.emit('note', { text: messageOf(error) }));
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
      ...(workload.kind === 'data' && workload.distinct ? { distinct: true } : {}),
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

async function stopLoads(drill: Drill, loads: Load[]): Promise<void> {
  sayWait(drill, 'ending the loads', drill.plan.scenario.stepDeadline.ms);
  await settled(drill, 'ending the loads', Promise.allSettled(loads.map((load) => load.stop())));
  drill.ledger.flush();
  Object.keys(drill.plan.scenario.load).forEach((load, index) => {
    if (index < loads.length)
      drill.timeline.emit('load.ended', { load, index, operations: drill.ledger.recordsOf(index) });
  });
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
  const hear = ({ name, deadlineMs }: Undo): void => sayWait(drill, name, deadlineMs);
  await drill.undo.unwind((outcome) => {
    healed &&= outcome.ok;
    timeline.emit('undo.ended', outcome);
  }, hear);
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
