import type { z } from 'zod';
import { bringsData, leavesData } from '../actions.ts';
import { command } from './command.ts';
import type { Stops } from '../until.ts';
import { replay, replaySchema } from './replay.ts';
import { restore } from './restore.ts';
import { restoreExisting } from './restore-existing.ts';
import { comesBack } from './return.ts';
import { run } from './run.ts';
import type { ActionDone, LogTaken, PointTaken, StepKind, Trace } from './step.ts';

/** Every kind of recovery step, by the key that a scenario knows it by. */
export const stepKinds = { restore, replay, command, run, return: comesBack, restoreExisting };

export type StepName = keyof typeof stepKinds;
/** A step of that kind, as it is read. */
export type StepOf<Name extends StepName> = z.output<(typeof stepKinds)[Name]['schema']>;
export type Step = StepOf<StepName>;

const schemas = Object.fromEntries(Object.entries(stepKinds).map(([name, { schema }]) => [name, schema])) as {
  [Name in StepName]: (typeof stepKinds)[Name]['schema'];
};
/** `stops`: what each registered log can be stopped at. */
export const stepSchemas = (stops: readonly Stops[]): typeof schemas => ({
  ...schemas,
  replay: replaySchema(stops),
});

/** What names no kind, as only altered evidence does, is an action that nobody knows. */
export const kindOf = (step: Step): StepName =>
  (Object.keys(stepKinds) as StepName[]).find((name) => Object.hasOwn(step, name)) ?? 'run';

const kind = (step: Step): StepKind => stepKinds[kindOf(step)];

export const titleOf = (step: Step): string => kind(step).title(step);
/** The component whose data the step puts back; null where it puts none back. */
export const restoredBy = (step: Step): string | null => kind(step).restores?.(step) ?? null;
/** The component on whose restored data the step replays a log. */
export const replayedBy = (step: Step): string | null => logTakenBy(step)?.component ?? null;
/** The recovery point that the step puts back; null where it puts none back. */
export const pointTakenBy = (step: Step): PointTaken | null => kind(step).takesPoint?.(step) ?? null;
/** The log that the step replays; null where it replays none. */
export const logTakenBy = (step: Step): LogTaken | null => kind(step).takesLog?.(step) ?? null;
/** Where the step does what nobody can know: a service, or `host`. */
export const runsIn = (step: Step): string | null => kind(step).runsIn?.(step) ?? null;
/** The action that the step has a component do. */
export const actionOf = (step: Step): ActionDone | null => kind(step).does?.(step) ?? null;
/** The action by which a component may come to hold other data; null of one that leaves what is there. */
export function broughtDataBy(step: Step): ReturnType<typeof actionOf> {
  const done = actionOf(step);
  return done !== null && leavesData(done.action) ? null : done;
}
/** The action by which data of another server may have come in place of what was lost; null of any other. */
export function replacedDataBy(step: Step): ReturnType<typeof actionOf> {
  const done = actionOf(step);
  return done !== null && bringsData(done.action) ? done : null;
}
/** What the step has left on the timeline if it ended well. */
export const traceOf = (step: Step): Trace | null => kind(step).leaves ?? null;

/** The declared steps of a recovery; none where nobody acts. */
export const stepsOf = ({ recover }: { recover: 'automatic' | Step[] }): Step[] =>
  recover === 'automatic' ? [] : recover;
/** Components of which one of the steps restores a backup that other tools made. */
export const existingComponents = (scenario: { recover: 'automatic' | Step[] }): string[] =>
  stepsOf(scenario).flatMap((step) => kind(step).takesExisting?.(step) ?? []);
/** Components whose data one of the steps puts back, in their order. */
export const restoredComponents = (scenario: { recover: 'automatic' | Step[] }): string[] =>
  stepsOf(scenario).flatMap((step) => restoredBy(step) ?? []);
