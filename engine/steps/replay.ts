import { parseAs, unknownName } from '../../core/document.ts';
import { inputError } from '../../core/errors.ts';
import type { PlannedBackup } from '../../core/planned.ts';
import { replayedBy, restoredBy, stepsOf } from '../../core/steps/index.ts';
import type { ReplayStep } from '../../core/steps/replay.ts';
import { untilSchema } from '../../core/until.ts';
import { attachedTo } from '../drill-context.ts';
import { fetchLog } from '../fetch.ts';
import { closeLeftOpen } from '../left-open.ts';
import type { Context, Path } from '../plan-context.ts';
import { checkCopyIn } from './copy-in.ts';
import { backupToRestore } from './snapshot-to-restore.ts';
import type { Settled, StepWork } from './step.ts';

const logToReplay = (step: ReplayStep, backups: readonly PlannedBackup[]): PlannedBackup | undefined =>
  backups.find(({ id, info }) => id === step.replay && info.kind === 'continuous');

export const replay: StepWork<ReplayStep> = {
  check: (context, step, path, settled) => {
    const { backups } = settled;
    const backup = logToReplay(step, backups);
    if (!backup) {
      const logs = backups.filter(({ info }) => info.kind === 'continuous').map(({ id }) => id);
      const what = 'continuous backup taken in this scenario';
      context.problems.add(unknownName(context.source, [...path, 'replay'], what, step.replay, logs));
      return;
    }
    checkCopyIn(context, step.from, backup, [...path, 'from']);
    context.problems.gather(() =>
      parseAs(context.source, untilSchema(backup.info.stops ?? {}), [...path, 'until'], 'latest'),
    );
    checkBase(context, step, path, settled);
  },

  makeReady: async ({ plan, attached }, step) => {
    const { component, plan: declared } = logToReplay(step, plan.backups)!;
    await attached.get(component)!.backups[declared.method]!.assertUsable?.('replay');
  },

  carryOut: async (drill, step, { running, folder, course, context }) => {
    const component = replayedBy(step)!;
    const base = course.bases.get(component)!;
    const log = await fetchLog(drill, step, running, base, { folder, ...context({}) });
    const { method } = logToReplay(step, drill.plan.backups)!.plan;
    const { replay: carriedOut } = attachedTo(drill, component).backups[method]!;
    return carriedOut!(log, step.until, base.artifact, context({}));
  },

  // A driver that took it over has nothing left to close.
  finish: (drill, course) => closeLeftOpen(drill, course.open),
};

function checkBase(
  { source, scenario, problems }: Context,
  step: ReplayStep,
  path: Path,
  settled: Settled,
): void {
  const component = replayedBy(step);
  const before = stepsOf(scenario).slice(0, path[1] as number);
  const restored = before.findLast((one) => restoredBy(one) === component);
  const base = restored && 'restore' in restored ? backupToRestore(restored, settled) : null;
  if (base?.info.standsAlone) {
    problems.add(
      inputError(`no log can be replayed on a recovery point of ${base.id}`, {
        at: source.place(path),
        found: `method ${base.plan.method}, whose points do not say where the log stood`,
        expected: 'a base of another method',
      }),
    );
    return;
  }
  if (restored) return;
  problems.add(
    inputError(`a log is replayed on a restored base, and ${component} is not restored before this step`, {
      at: source.place(path),
      expected: `a step restore: ${component} before it`,
    }),
  );
}
