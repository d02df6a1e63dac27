import { parseAs, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import {
  faultId,
  unnoticedPoints,
  type PlannedBackup,
  type PlannedFault,
  type TargetName,
} from '../core/planned.ts';
import { everyFault, type Registries } from '../core/registries.ts';
import type { FaultPlan } from '../core/scenario.ts';
import { targetOf } from '../core/targets.ts';
import type { Context, Path } from './plan-context.ts';
import { allInRestore, checkOwnMoment, checkSweep, nothingBefore } from './plan-moment.ts';
import { targets } from './targets/index.ts';

export function checkFaults(
  context: Context,
  registries: Registries,
  backups: PlannedBackup[],
): PlannedFault[] {
  const { source, scenario, problems } = context;
  const listed = Array.isArray((source.data as { fault: unknown }).fault);
  if (!scenario.sweep && allInRestore(scenario.fault)) problems.add(nothingBefore(source, ['fault']));
  if (scenario.fault.every(({ beforehand }) => beforehand)) problems.add(nothingBroken(source));
  checkSweep(context, backups);
  const faults = scenario.fault.flatMap((plan, i): PlannedFault[] => {
    const path: Path = listed ? ['fault', i] : ['fault'];
    const on = aimedAt(context, plan, registries);
    const fault = targets[on].suffered(context, plan, registries, path);
    const { params: schema } = fault ?? everyFault(registries)[plan.name]!;
    if (plan.beforehand && !plan.at.startsWith('+'))
      problems.add(
        inputError('what is so beforehand has a time of its own', {
          at: source.place([...path, 'beforehand'], true),
          found: plan.at,
          expected: 'at: an offset such as +2s',
        }),
      );
    else if (!scenario.sweep || i > 0) checkOwnMoment(context, plan.at, backups, path);
    const params = problems.gather(() =>
      parseAs(
        {
          ...source,
          data: { at: plan.params },
          place: (where, onKey) => source.place([...path, ...where.slice(1)], onKey),
        },
        schema,
        ['at'],
      ),
    );
    return fault ? [{ id: faultId(i), plan, params, fault, on }] : [];
  });
  checkChanges(context, faults);
  checkUnnoticed(context, faults);
  return faults;
}

/** Once a component is broken, clients leave the records that were there as they are. */
function checkChanges({ source, problems }: Context, faults: readonly PlannedFault[]): void {
  const first = faults.findIndex(({ plan, on }) => !plan.beforehand && !targets[on].isUnderBackups);
  for (const [i, { plan, fault }] of faults.entries()) {
    if (!('needsChanges' in fault) || plan.beforehand || i <= first) continue;
    problems.add(
      inputError(`${plan.name} waits for clients to change what was there: nothing may be broken before it`, {
        at: source.place(['fault', i]),
        found: `after ${faults[first]!.plan.name}`,
        expected: `${plan.name} as the first fault`,
        hint: 'once something is broken, loads leave the records that were there as they are, so that each loss shows',
      }),
    );
  }
}

/** Once a fault of a component is noticed, its schedules stop: no later point holds anything. */
function checkUnnoticed({ source, problems }: Context, faults: readonly PlannedFault[]): void {
  for (const [i, fault] of faults.entries()) {
    const { plan } = fault;
    const noticed = faults
      .slice(0, i)
      .find((one) => one.plan.target === plan.target && !one.plan.beforehand && unnoticedPoints(one) === 0);
    if (unnoticedPoints(fault) === 0 || !noticed) continue;
    problems.add(
      inputError(`${plan.name} cannot go unnoticed: the schedules of ${plan.target} are stopped by then`, {
        at: source.place(['fault', i]),
        found: `after ${noticed.plan.name}, which is noticed at once`,
        expected: `${plan.name} before it`,
      }),
    );
  }
}

/** A target that is not there is taken for a component, which says so. */
function aimedAt({ components, services }: Context, plan: FaultPlan, registries: Registries): TargetName {
  const fault = everyFault(registries)[plan.name]!;
  return targetOf(fault, components.has(plan.target) || !services.has(plan.target));
}

const nothingBroken = (source: Source) =>
  inputError('nothing is broken: everything was so beforehand', {
    at: source.place(['fault']),
    expected: 'a fault without beforehand',
  });
