import { replayedBy, type Step } from '../../core/steps/index.ts';
import type { RestoreStep } from '../../core/steps/restore.ts';
import { isOfThisRun } from '../drill-environment.ts';
import { attachedTo, type Recorded, type Control, type Given } from '../drill-context.ts';
import { fetchPoint } from '../fetch.ts';
import { closeAndTell, type Close } from '../left-open.ts';
import { checkOwnUses } from '../plan-command.ts';
import { component, type Context, type Path } from '../plan-context.ts';
import { checkCopyIn } from './copy-in.ts';
import { emptySandbox } from './empty-sandbox.ts';
import { watchHalfway } from './halfway.ts';
import { backupToRestore, noSnapshot } from './snapshot-to-restore.ts';
import type { StepWork, UnderWay } from './step.ts';

export const restore: StepWork<RestoreStep> = {
  check: (context, step, path, settled) => {
    if (!component(context, step.restore, [...path, 'restore'])) return;
    const backup = backupToRestore(step, settled);
    if (!backup) return context.problems.add(noSnapshot(context, step, path, settled));
    checkOwnUses(context, backup, ['restores', 'shows'], [...path, 'restore']);
    for (const [i, from] of step.from.entries())
      checkCopyIn(context, from, backup, [...path, 'from', ...(isListed(context, path) ? [i] : [])]);
  },

  commands: (step, settled) => {
    const { info, plan } = backupToRestore(step, settled) ?? {};
    const uses = info && plan ? (info.commands?.(plan.options) ?? []) : [];
    return uses.filter(({ does }) => does === 'restores').map(({ command }) => command);
  },

  // What a restore can begin with is made while no client is kept waiting by it.
  makeReady: async ({ plan, attached, signal }, step) => {
    const { component: name, plan: declared, options } = backupToRestore(step, plan)!;
    const method = attached.get(name)!.backups[declared.method]!;
    await method.assertUsable?.('restore', options);
    signal.throwIfAborted();
    await method.prepare?.();
  },

  /**
   * Fetches the newest usable point, from the first of the stores that can give one, and has the driver put
   * it in place.
   */
  carryOut: async (drill, step, underWay) => {
    const { running, folder, course, context } = underWay;
    const backup = backupToRestore(step, drill.plan)!;
    const emptied = await emptySandbox(drill, step.restore);
    await drill.moments.pass('restore.begun', step.restore);
    const fetched = await fetchPoint(drill, step, running, { folder, ...context({}) });
    const { artifact, store } = fetched;
    course.bases.set(step.restore, { artifact, drill: fetched.drill });
    const plain = context({ ...backup.options, ...step.options });
    const { watched, settled } = watchHalfway(drill, step.restore, plain);
    try {
      const facts = await attachedTo(drill, step.restore).backups[backup.plan.method]!.restore!(artifact, {
        ...watched,
        ...withReplay(drill, step, underWay),
        ...(fetched.drill === drill.id ? {} : { isOfThisRun: isOfThisRun(drill) }),
      });
      return { point: artifact.point, store, facts, ...emptied };
    } finally {
      await settled();
    }
  },
};

/** What a driver is told of a replay that follows: at some time, or as the very next step. */
function withReplay(
  drill: Recorded & Control & Given,
  { restore: of }: RestoreStep,
  { later, course }: UnderWay,
): { replayFollows: boolean; leaveOpen?(close: Close): void } {
  const isItsReplay = (one: Step | undefined): boolean => one !== undefined && replayedBy(one) === of;
  const leaveOpen = (close: Close): void => {
    course.open.push(close);
    // A restore that took too long may come to this when nobody waits for it any more, and nobody hears of
    // it once the drill is over.
    if (course.over) closeAndTell(drill, course.open).catch(() => undefined);
  };
  return { replayFollows: later.some(isItsReplay), ...(isItsReplay(later[0]) ? { leaveOpen } : {}) };
}

/** Whether the file says `from: [a, b]` and not `from: a`: for the place of an error. */
const isListed = ({ source }: Context, path: Path): boolean =>
  Array.isArray(
    ([...path, 'from'] as Path).reduce<unknown>(
      (node, step) => (node as Record<string, unknown>)?.[step as string],
      source.data,
    ),
  );
