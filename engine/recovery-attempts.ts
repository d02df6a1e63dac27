import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RestoreContext } from '../core/backup.ts';
import { messageOf } from '../core/errors.ts';
import { stepsOf, titleOf, type Step } from '../core/steps/index.ts';
import type { Json } from '../core/timeline.ts';
import { stageOf, type Drill } from './drill-context.ts';
import { closeAndTell, closeOfFailed } from './left-open.ts';
import { workOf } from './steps/index.ts';
import type { ReadyWatch } from './ready-watch.ts';
import type { Course } from './steps/step.ts';
import type { RunningStep } from '../core/steps/running.ts';
import { byDeadline, StillAtWork } from './step-deadline.ts';

/**
 * Runs the declared steps in order; the first that fails ends the attempt. A scenario may allow further
 * attempts: a crash in the middle of a restore must be recoverable by running the recovery again, from its
 * first step. None is made beside a step that goes on: two restores into one server are no recovery.
 */
export async function recoverBySteps(drill: Drill, readiness: ReadyWatch): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const course: Course = { bases: new Map(), open: [], over: false, goesOn: null };
    if (await recoverOnce(drill, course, readiness)) return true;
    if (attempt >= drill.plan.scenario.attempts) return false;
    if (course.goesOn !== null) {
      const text = `the recovery is not begun anew: ${course.goesOn} is still at work, and another attempt would run beside it`;
      drill.timeline.emit('note', { text });
      return false;
    }
    drill.timeline.emit('note', {
      text: `the recovery is begun anew: attempt ${attempt + 1} of ${drill.plan.scenario.attempts}`,
    });
  }
}

async function recoverOnce(drill: Drill, course: Course, readiness: ReadyWatch): Promise<boolean> {
  try {
    return await runSteps(drill, course, readiness);
  } finally {
    course.over = true;
    await closeAndTell(drill, course.open);
  }
}

async function runSteps(drill: Drill, course: Course, readiness: ReadyWatch): Promise<boolean> {
  const { timeline, plan } = drill;
  const automatic = plan.scenario.recover === 'automatic';
  timeline.emit('recovery.begun', { automatic });
  const steps = stepsOf(plan.scenario);
  for (const [index, step] of steps.entries()) {
    readiness.ahead(steps.slice(index));
    const title = titleOf(step);
    // Of a drill that was ended meanwhile, nobody waits for the step before.
    drill.signal.throwIfAborted();
    const running = { id: timeline.newId('step'), step: index };
    timeline.emit('step.begun', { ...running, title });
    drill.progress({ kind: 'line', text: `${title} (at most ${plan.scenario.stepDeadline.text})` });
    try {
      const facts = await byDeadline(drill, title, (signal) =>
        carryOut(drill, step, running, course, signal),
      );
      await workOf(step).finish?.(drill, course);
      timeline.emit('step.ended', { ...running, title, ok: true, facts });
    } catch (error) {
      drill.signal.throwIfAborted();
      if (error instanceof StillAtWork) course.goesOn = title;
      await closeOfFailed(drill, course.open, running);
      timeline.emit('step.ended', { ...running, title, ok: false, facts: null, error: messageOf(error) });
      timeline.emit('recovery.ended', { ok: false, error: `${title}: ${messageOf(error)}` });
      return false;
    }
  }
  timeline.emit('recovery.ended', { ok: true });
  return true;
}

function carryOut(
  drill: Drill,
  step: Step,
  running: RunningStep,
  course: Course,
  signal: AbortSignal,
): Promise<Json> {
  const context = (options: Record<string, unknown>): RestoreContext => ({
    of: running.id,
    options,
    signal,
    stage: stageOf(drill, running),
    progress: (done, total, unit) => drill.progress({ kind: 'work', what: titleOf(step), done, total, unit }),
  });
  const folder = join(drill.folder, 'scratch', String(running.step));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const later = stepsOf(drill.plan.scenario).slice(running.step + 1);
  return workOf(step).carryOut(drill, step, { running, folder, later, course, context });
}
