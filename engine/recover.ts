import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pollUntil, timeLimit } from '../core/clock.ts';
import type { RecoveryTarget, RestoreContext } from '../core/backup.ts';
import { messageOf } from '../core/errors.ts';
import type { Step } from '../core/scenario.ts';
import type { Json } from '../core/timeline.ts';
import { seenRunning, type SeenRunning } from './asked.ts';
import { brokenComponents } from './break.ts';
import { commandStep } from './command.ts';
import { attachedTo, stageOf, type Drill } from './drill-context.ts';
import { fetchLog, fetchPoint, type Base } from './fetch.ts';
import { closeAndTell, closeLeftOpen, closeOfFailed, type Close } from './left-open.ts';
import { isCommand, isReplay, isRestore, isReturn, actionOwner, backupToRestore } from './plan-step.ts';
import { returnRegion } from './regions.ts';
import { titleOf } from '../core/step-title.ts';
import { withDeadline } from './undo.ts';
import { sayWait } from './waiting.ts';

const readyEveryMs = 20;
const settledOperations = 20;
/**
 * The judge asks for 2 s from the first right answer to the last one that was recorded: a little more than
 * that has to be watched.
 */
const settleMarginMs = 150;

/**
 * Runs the declared steps in order; the first that fails ends the attempt. A scenario may allow further
 * attempts: a crash in the middle of a restore must be recoverable by running the recovery again, from its
 * first step.
 */
export async function recover(drill: Drill): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (await recoverOnce(drill)) return true;
    if (attempt >= drill.plan.scenario.attempts) return false;
    drill.timeline.emit('note', {
      text: `the recovery is begun anew: attempt ${attempt + 1} of ${drill.plan.scenario.attempts}`,
    });
  }
}

/**
 * What the steps of one attempt hand to each other. `open`: what a restore left open for the replay that is
 * the next step.
 */
interface Course {
  bases: Map<string, Base>;
  open: Close[];
  over: boolean;
}

async function recoverOnce(drill: Drill): Promise<boolean> {
  const course: Course = { bases: new Map(), open: [], over: false };
  try {
    return await runSteps(drill, course);
  } finally {
    course.over = true;
    await closeAndTell(drill, course.open);
  }
}

async function runSteps(drill: Drill, course: Course): Promise<boolean> {
  const { timeline, plan, dependencies } = drill;
  const automatic = plan.scenario.recover === 'automatic';
  timeline.emit('recovery.begun', { automatic });
  const steps: Step[] = plan.scenario.recover === 'automatic' ? [] : plan.scenario.recover;
  for (const [index, step] of steps.entries()) {
    const title = titleOf(step);
    // Of a drill that was ended meanwhile, nobody waits for the step before.
    drill.options.signal.throwIfAborted();
    timeline.emit('step.begun', { step: index, title });
    dependencies.progress({ kind: 'line', text: `${title} (at most ${plan.scenario.stepDeadline.text})` });
    try {
      const facts = await withDeadline(
        dependencies.clock,
        title,
        drill.plan.scenario.stepDeadline.ms,
        runStep(drill, step, index, course),
      );
      // A driver that took it over has nothing left to close.
      if (isReplay(step)) await closeLeftOpen(drill, course.open);
      timeline.emit('step.ended', { step: index, title, ok: true, facts });
    } catch (error) {
      drill.options.signal.throwIfAborted();
      await closeOfFailed(drill, course.open, index);
      timeline.emit('step.ended', { step: index, title, ok: false, facts: null, error: messageOf(error) });
      timeline.emit('recovery.ended', { ok: false, error: `${title}: ${messageOf(error)}` });
      return false;
    }
  }
  timeline.emit('recovery.ended', { ok: true });
  return true;
}

async function runStep(drill: Drill, step: Step, index: number, course: Course): Promise<Json> {
  const limit = timeLimit(drill.dependencies.clock, drill.plan.scenario.stepDeadline.ms);
  try {
    return await carryOut(drill, step, index, course, AbortSignal.any([drill.options.signal, limit.signal]));
  } finally {
    limit.callOff();
  }
}

async function carryOut(
  drill: Drill,
  step: Step,
  index: number,
  course: Course,
  signal: AbortSignal,
): Promise<Json> {
  const context = (options: Record<string, unknown>): RestoreContext => ({
    options,
    signal,
    stage: stageOf(drill, index),
    progress: (done, total, unit) =>
      drill.dependencies.progress({ kind: 'work', what: titleOf(step), done, total, unit }),
  });
  const folder = join(drill.folder, 'scratch', String(index));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (isRestore(step)) return restore(drill, step, index, folder, course, context);
  if (isReplay(step)) {
    const [component] = step.replay.split('.') as [string];
    const base = course.bases.get(component)!;
    const log = await fetchLog(drill, step, index, base, { folder, ...context({}) });
    const method = drill.plan.backups.find((one) => one.id === step.replay)!.plan.method;
    return attachedTo(drill, component).backups[method]!.replay!(
      log,
      targetOf(step.until),
      base.artifact,
      context({}),
    );
  }
  if (isCommand(step))
    return stageOf(drill, index)('action', titleOf(step), () => commandStep(drill, step, folder));
  if (isReturn(step))
    return stageOf(drill, index)('action', titleOf(step), () => returnRegion(drill, step.return));
  const owner = actionOwner(drill.plan.components, step)!;
  return stageOf(drill, index)('action', step.run, () =>
    attachedTo(drill, owner.name).actions[step.run]!(step.with),
  );
}

/**
 * Fetches the newest usable point, from the first of the stores that can give one, and has the driver put it
 * in place.
 */
async function restore(
  drill: Drill,
  step: Extract<Step, { restore: string }>,
  index: number,
  folder: string,
  course: Course,
  context: (options: Record<string, unknown>) => RestoreContext,
): Promise<Json> {
  const backup = backupToRestore(step, drill.plan)!;
  await drill.moments.pass('restore.begun', step.restore);
  const { artifact, store, drill: madeBy } = await fetchPoint(drill, step, index, { folder, ...context({}) });
  course.bases.set(step.restore, { artifact, drill: madeBy });
  const later =
    drill.plan.scenario.recover === 'automatic' ? [] : drill.plan.scenario.recover.slice(index + 1);
  const isItsReplay = (one: Step | undefined): boolean =>
    one !== undefined && isReplay(one) && one.replay.startsWith(`${step.restore}.`);
  const replayFollows = later.some(isItsReplay);
  const leaveOpen = (close: Close): void => {
    course.open.push(close);
    // A restore that took too long may come to this when nobody waits for it any more, and nobody hears of
    // it once the drill is over.
    if (course.over) closeAndTell(drill, course.open).catch(() => undefined);
  };
  const plain = context({ ...backup.options, ...step.options });
  const { watched, settled } = watchHalfway(drill, step.restore, plain);
  try {
    const facts = await attachedTo(drill, step.restore).backups[backup.plan.method]!.restore!(artifact, {
      ...watched,
      replayFollows,
      ...(isItsReplay(later[0]) ? { leaveOpen } : {}),
    });
    return { point: artifact.point, store, facts };
  } finally {
    await settled();
  }
}

/**
 * Where a driver tells nothing of its progress by then, this long after its restore stage began stands for
 * half of it; the timeline says so.
 */
const blindHalfwayMs = 100;

/**
 * Passes `restore.halfway` once half of the data is in, without holding the driver up: what happens there
 * happens beside it.
 */
function watchHalfway(
  drill: Drill,
  component: string,
  context: RestoreContext,
): { watched: RestoreContext; settled(): Promise<void> } {
  if (!drill.moments.open.includes(`restore.halfway of ${component}`))
    return { watched: context, settled: async () => undefined };
  let passing: Promise<void> | null = null;
  let callOff: (() => void) | undefined;
  const pass = (how: string): void => {
    if (passing) return;
    callOff?.();
    drill.timeline.emit('note', { text: `restore.halfway of ${component}: ${how}` });
    passing = drill.moments.pass('restore.halfway', component);
  };
  const watched: RestoreContext = {
    ...context,
    stage: (stage, what, work) => {
      if (stage === 'restore')
        callOff ??= drill.dependencies.clock.after(blindHalfwayMs, () =>
          pass(`${blindHalfwayMs} ms after its restore stage began`),
        );
      return context.stage(stage, what, work);
    },
    progress: (done, total, unit) => {
      context.progress(done, total, unit);
      if (!callOff || total === null) return;
      callOff();
      if (done * 2 >= total) pass(`${done} of ${total} ${unit}`);
    },
  };
  return {
    watched,
    settled: async () => {
      callOff?.();
      await passing;
    },
  };
}

function targetOf(until: 'latest' | Record<string, unknown>): RecoveryTarget {
  if (until === 'latest') return { kind: 'latest' };
  if ('beforeGtid' in until) return { kind: 'before-gtid', gtid: String(until['beforeGtid']) };
  if ('beforeStatement' in until)
    return { kind: 'before-statement', pattern: String(until['beforeStatement']) };
  if ('beforeTime' in until) return { kind: 'before-time', utc: String(until['beforeTime']) };
  const { file, position } = until['beforePosition'] as { file: string; position: number };
  return { kind: 'before-position', file, position };
}

/**
 * Waits until what was broken says ready, and then until clients have had right answers for long enough.
 * Gives up at the deadline; the judge says what that means. Gives what ran when the components had become
 * ready.
 */
export async function observe(drill: Drill): Promise<SeenRunning> {
  const { timeline, dependencies, plan, pulse } = drill;
  const { clock } = dependencies;
  const untilMs = clock.nowMs() + plan.scenario.giveUp.ms;
  const left = (): number => Math.max(0, untilMs - clock.nowMs());
  pulse.forgiveWrong();
  const calm = (): boolean => pulse.settled(plan.scenario.settle.ms + settleMarginMs, settledOperations);
  for (const target of brokenComponents(drill)) {
    // Where steps were declared, something else may serve by now, and what was broken stays away: clients
    // decide.
    const elsewhere = (): boolean => plan.scenario.recover !== 'automatic' && calm();
    sayWait(drill, `waiting for ${target} to be ready`, left());
    const seen = await pollUntil(
      clock,
      { everyMs: readyEveryMs, deadlineMs: left(), signal: drill.options.signal },
      async () => ((await attachedTo(drill, target).ready()) ? 'ready' : elsewhere() && 'elsewhere'),
    );
    if (seen === 'ready') timeline.emit('ready', { component: target });
  }
  const looking = seenRunning(drill);
  sayWait(drill, 'waiting for clients to have right answers for long enough', left());
  const settled = await pollUntil(
    clock,
    { everyMs: 50, deadlineMs: left(), signal: drill.options.signal },
    async () => calm(),
  );
  timeline.emit('observation.ended', { settled: settled === true });
  return looking;
}

/** Plain files of backups do not outlive the step that needed them. */
export const clearScratch = (drill: Drill): void =>
  rmSync(join(drill.folder, 'scratch'), { recursive: true, force: true });
