import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { ComponentFault, StoreFault } from '../core/fault.ts';
import type { Registries } from '../core/registries.ts';
import type { FaultPlan } from '../core/scenario.ts';
import type { PlannedBackup, PlannedFault } from './plan.ts';
import { able, component, type Context, type Path } from './plan-context.ts';
import { owned } from './plan-input.ts';
import { allInRestore, checkOwnMoment, checkSweep, nothingBefore } from './plan-moment.ts';
import { checkRegionTarget } from './plan-region.ts';

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
    const fault = registries.faults[plan.name]!;
    if (fault.on === 'store') checkStoreTarget(context, plan, fault, path);
    else if (fault.on === 'region') checkRegionTarget(context, plan, path);
    else checkTarget(context, plan, fault, path);
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
        fault.params,
        ['at'],
      ),
    );
    return [{ plan, fault, params }];
  });
}

function checkTarget(
  context: Context,
  plan: FaultPlan,
  { needs, refuses }: ComponentFault,
  path: Path,
): void {
  const target = component(context, plan.target, [...path, plan.name]);
  const lacking = needs.filter((need) => target && !target.driver.abilities.includes(need));
  if (!target) return;
  const reason = target.compose && refuses?.(target.compose);
  if (reason)
    context.problems.add(
      inputError(`${plan.target} cannot suffer ${plan.name}: ${reason}`, {
        at: context.source.place([...path, plan.name]),
        found: plan.target,
      }),
    );
  if (lacking.length === 0) return;
  context.problems.add(
    inputError(
      `${plan.target} cannot suffer ${plan.name}: driver ${target.declared.driver} does not offer ${lacking.join(', ')}`,
      {
        at: context.source.place([...path, plan.name]),
        found: plan.target,
        expected: `one of ${able(context, (one) => needs.every((need) => one.driver.abilities.includes(need)))}`,
      },
    ),
  );
}

function checkStoreTarget(
  { source, strategy, components, problems }: Context,
  plan: FaultPlan,
  { needsService, needsWay }: Pick<StoreFault, 'needsService' | 'needsWay'>,
  path: Path,
): void {
  const store = owned(strategy.stores, plan.target);
  if (!store)
    problems.add(
      unknownName(source, [...path, plan.name], 'store', plan.target, Object.keys(strategy.stores)),
    );
  else if (needsService && typeof store['service'] !== 'string') {
    problems.add(
      inputError(`store ${plan.target} cannot suffer ${plan.name}: it lives in no service of the stack`, {
        at: source.place([...path, plan.name]),
        found: plan.target,
        expected: 'a store with a service',
      }),
    );
  } else if (
    needsWay &&
    ![...components.values()].some(
      (one) => one.service === store['service'] && one.driver.abilities.includes('toxic'),
    )
  ) {
    problems.add(
      inputError(
        `store ${plan.target} cannot suffer ${plan.name}: no network that can be broken lies before it`,
        {
          at: source.place([...path, plan.name]),
          found: `service: ${String(store['service'])}`,
          expected: 'a store that is reached through a component in which the network can be broken',
        },
      ),
    );
  }
}

const nothingBroken = (source: Source) =>
  inputError('nothing is broken: everything was so beforehand', {
    at: source.place(['fault']),
    expected: 'a fault without beforehand',
  });
