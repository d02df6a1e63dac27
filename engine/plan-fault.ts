import { parseAs, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { faultId, type PlannedBackup, type PlannedFault, type TargetName } from '../core/planned.ts';
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
  return scenario.fault.flatMap((plan, i) => {
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
