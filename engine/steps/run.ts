import { parseAs, unknownName } from '../../core/document.ts';
import { inputError } from '../../core/errors.ts';
import type { PlannedComponent } from '../../core/planned.ts';
import type { RunStep } from '../../core/steps/run.ts';
import type { Json } from '../../core/timeline.ts';
import { attachedTo, stageOf, type Recorded, type Sandbox, type Given } from '../drill-context.ts';
import { component, type Components, type Context, type Path } from '../plan-context.ts';
import type { StepWork } from './step.ts';

/** The component whose action a step means; null when none or several offer it and the step does not say. */
export function actionOwner(components: Components, step: RunStep): PlannedComponent | null {
  const owners = [...components.values()].filter(
    (one) => Object.hasOwn(one.driver.actions, step.run) && (!step.target || step.target === one.name),
  );
  return owners.length === 1 ? owners[0]! : null;
}

/** The component whose action it is, and what carries it out. */
export function actionAtHand(
  drill: Recorded & Sandbox & Given,
  step: RunStep,
): { owner: PlannedComponent; carryOut(): Promise<Json> } {
  const owner = actionOwner(drill.plan.components, step)!;
  return { owner, carryOut: () => attachedTo(drill, owner.name).actions[step.run]!(step.with) };
}

export const run: StepWork<RunStep> = {
  check: (context, step, path) => {
    const { components, source, problems } = context;
    if (step.target && !component(context, step.target, [...path, 'target'])) return;
    const owner = actionOwner(components, step);
    if (owner) return checkParams(context, owner, step, path);
    const names = [...components.values()]
      .filter((one) => !step.target || one.name === step.target)
      .flatMap((one) => Object.keys(one.driver.actions));
    problems.add(
      names.includes(step.run)
        ? inputError(`several components offer "${step.run}"`, {
            at: source.place([...path, 'run']),
            found: step.run,
            expected: 'target: the component that is meant',
          })
        : unknownName(source, [...path, 'run'], 'action', step.run, [...new Set(names)]),
    );
  },
  carryOut: (drill, step, { running }) =>
    stageOf(drill, running)('action', step.run, actionAtHand(drill, step).carryOut),
};

/** What `with:` says is held against what the action takes. */
function checkParams(
  { source, problems }: Context,
  { driver }: PlannedComponent,
  step: RunStep,
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
