import { parseAs, unknownName } from '../core/document.ts';
import { inputError, type MusterError, type Place } from '../core/errors.ts';
import type { Step } from '../core/scenario.ts';
import type { PlannedBackup, PlannedComponent, PlannedFault } from '../core/planned.ts';
import type { Plan } from './plan.ts';
import { checkCommand } from './plan-command.ts';
import { component, type Components, type Context, type Path } from './plan-context.ts';
import { owned } from './plan-input.ts';
import { checkReturn } from './plan-region.ts';

export const isRestore = (step: Step): step is Extract<Step, { restore: string }> => 'restore' in step;
export const isReturn = (step: Step): step is Extract<Step, { return: string }> => 'return' in step;
export const isCommand = (step: Step): step is Extract<Step, { command: string[] }> => 'command' in step;
export const isReplay = (step: Step): step is Extract<Step, { replay: string }> => 'replay' in step;

export function checkStep(
  context: Context,
  step: Step,
  path: Path,
  planned: Pick<Plan, 'backups' | 'declared'>,
  faults: PlannedFault[],
): void {
  if (isRestore(step)) checkRestore(context, step, path, planned);
  else if (isReplay(step)) checkReplay(context, step, path, planned.backups);
  else if (isCommand(step)) checkCommand(context, step, [...path, 'in'], [...path, 'command']);
  else if (isReturn(step)) checkReturn(context, step, path, faults);
  else checkAction(context, step, path);
}

/**
 * The snapshot that a restore step means, of those taken in this scenario, or for one that exists already of
 * those declared; null when there is none or it is not plain which.
 */
export function backupToRestore(
  step: Extract<Step, { restore: string }>,
  { backups, declared }: Pick<Plan, 'backups' | 'declared'>,
): PlannedBackup | null {
  const fitting = (step.existing ? declared : backups).filter(
    (one) =>
      one.component === step.restore &&
      one.info.kind === 'snapshot' &&
      (!step.backup || step.backup === one.name),
  );
  return fitting.length === 1 ? fitting[0]! : null;
}

function checkRestore(
  context: Context,
  step: Extract<Step, { restore: string }>,
  path: Path,
  planned: Pick<Plan, 'backups' | 'declared'>,
): void {
  const target = component(context, step.restore, [...path, 'restore']);
  if (!target) return;
  const backup = backupToRestore(step, planned);
  if (backup) {
    const place: Path = [...path, 'from'];
    for (const [i, from] of step.from.entries())
      checkStore(context, from, backup, path, listed(context, path) ? [...place, i] : place);
    return;
  }
  const names = (step.existing ? planned.declared : planned.backups)
    .filter((one) => one.component === step.restore && one.info.kind === 'snapshot')
    .map((one) => one.name);
  if (step.backup && names.length > 0)
    context.problems.add(
      unknownName(
        context.source,
        [...path, 'backup'],
        step.existing ? 'snapshot backup' : 'backup taken in this scenario',
        step.backup,
        names,
      ),
    );
  else {
    const at = context.source.place([...path, 'restore']);
    context.problems.add(names.length > 1 ? severalToRestore(step, names, at) : nothingToRestore(step, at));
  }
}

function severalToRestore(
  { restore, existing }: Extract<Step, { restore: string }>,
  names: readonly string[],
  at: Place,
): MusterError {
  const are = existing ? 'are declared' : 'are taken';
  return inputError(`several backups of ${restore} ${are}: say which one`, {
    at,
    found: restore,
    expected: `backup: one of ${names.join(', ')}`,
  });
}

function nothingToRestore({ restore, existing }: Extract<Step, { restore: string }>, at: Place): MusterError {
  const who = existing ? 'the strategy declares' : 'this scenario takes';
  const where = existing ? 'in the strategy' : 'under protect';
  return inputError(`nothing to restore ${restore} from: ${who} no snapshot of it`, {
    at,
    found: restore,
    expected: `a snapshot backup of ${restore} ${where}`,
  });
}

function checkStore(
  context: Context,
  from: string,
  backup: PlannedBackup,
  path: Path,
  place: Path = [...path, 'from'],
): void {
  const { source, strategy, problems } = context;
  if (!owned(strategy.stores, from))
    problems.add(unknownName(source, place, 'store', from, Object.keys(strategy.stores)));
  else if (!backup.plan.copies.includes(from)) {
    problems.add(
      inputError(`backup ${backup.id} keeps no copy in ${from}`, {
        at: source.place(place),
        found: from,
        expected: `one of ${backup.plan.copies.join(', ')}`,
      }),
    );
  }
}

/** Whether the file says `from: [a, b]` and not `from: a`: for the place of an error. */
const listed = ({ source }: Context, path: Path): boolean =>
  Array.isArray(
    ([...path, 'from'] as Path).reduce<unknown>(
      (node, step) => (node as Record<string, unknown>)?.[step as string],
      source.data,
    ),
  );

function checkReplay(
  context: Context,
  step: Extract<Step, { replay: string }>,
  path: Path,
  protects: PlannedBackup[],
): void {
  const continuous = protects.filter((one) => one.info.kind === 'continuous');
  const backup = continuous.find((one) => one.id === step.replay);
  if (!backup) {
    context.problems.add(
      unknownName(
        context.source,
        [...path, 'replay'],
        'continuous backup taken in this scenario',
        step.replay,
        continuous.map((one) => one.id),
      ),
    );
    return;
  }
  checkStore(context, step.from, backup, path);
  const before = context.scenario.recover as Step[];
  const restoredFirst = before
    .slice(0, path[1] as number)
    .some((one) => isRestore(one) && one.restore === backup.component);
  if (!restoredFirst) {
    context.problems.add(
      inputError(
        `a log is replayed on a restored base, and ${backup.component} is not restored before this step`,
        { at: context.source.place(path), expected: `a step restore: ${backup.component} before it` },
      ),
    );
  }
}

/**
 * The component whose action a `run` step means; null when none or several offer it and the step does not
 * say.
 */
export function actionOwner(
  components: Components,
  step: Extract<Step, { run: string }>,
): PlannedComponent | null {
  const owners = [...components.values()].filter(
    (one) => Object.hasOwn(one.driver.actions, step.run) && (!step.target || step.target === one.name),
  );
  return owners.length === 1 ? owners[0]! : null;
}

export function checkAction(context: Context, step: Extract<Step, { run: string }>, path: Path): void {
  if (step.target && !component(context, step.target, [...path, 'target'])) return;
  const owner = actionOwner(context.components, step);
  if (owner) {
    checkParams(context, owner, step, path);
    return;
  }
  const names = [...context.components.values()]
    .filter((one) => !step.target || one.name === step.target)
    .flatMap((one) => Object.keys(one.driver.actions));
  if (names.includes(step.run)) {
    context.problems.add(
      inputError(`several components offer "${step.run}"`, {
        at: context.source.place([...path, 'run']),
        found: step.run,
        expected: 'target: the component that is meant',
      }),
    );
  } else
    context.problems.add(
      unknownName(context.source, [...path, 'run'], 'action', step.run, [...new Set(names)]),
    );
}

/** What `with:` says is held against what the action takes. */
function checkParams(
  { source, problems }: Context,
  { driver }: PlannedComponent,
  step: Extract<Step, { run: string }>,
  path: Path,
): void {
  const { params } = driver.actions[step.run]!;
  problems.gather(() =>
    parseAs(
      {
        ...source,
        data: { with: step.with },
        place: (where, onKey) => source.place([...path, ...where], onKey),
      },
      params,
      ['with'],
    ),
  );
}
