import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { ComponentFault, StoreFault } from '../core/fault.ts';
import { everyFault, faultFor, type Registries } from '../core/registries.ts';
import type { FaultPlan } from '../core/scenario.ts';
import type { PlannedBackup, PlannedFault } from './plan.ts';
import { able, component, waysTo, type Context, type Path } from './plan-context.ts';
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
    const generic = owned(registries.faults, plan.name);
    if (generic?.on === 'store') checkStoreTarget(context, plan, generic, registries, path);
    else if (generic?.on === 'region') checkRegionTarget(context, plan, path);
    const fault =
      generic?.on === 'store' || generic?.on === 'region'
        ? generic
        : ofComponent(context, plan, registries, path);
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
    return fault ? [{ plan, fault, params }] : [];
  });
}

/** The fault as its target suffers it; null where it cannot, which is a problem then. */
function ofComponent(
  context: Context,
  plan: FaultPlan,
  registries: Registries,
  path: Path,
): ComponentFault | null {
  const target = component(context, plan.target, [...path, plan.name]);
  if (!target) return null;
  const refused = (why: string, expected?: string): null => {
    context.problems.add(
      inputError(`${plan.target} cannot suffer ${plan.name}: ${why}`, {
        at: context.source.place([...path, plan.name]),
        found: plan.target,
        expected,
      }),
    );
    return null;
  };
  const fault = faultFor(target.driver, plan.name, registries);
  if (typeof fault === 'string')
    return refused(
      `driver ${target.declared.driver} ${fault}`,
      `one of ${able(context, (one) => typeof faultFor(one.driver, plan.name, registries) !== 'string')}`,
    );
  const reason = target.compose && fault.refuses?.(target.compose);
  return reason ? refused(reason) : fault;
}

function checkStoreTarget(
  { source, strategy, components, problems }: Context,
  plan: FaultPlan,
  { needsService, through }: Pick<StoreFault, 'needsService' | 'through'>,
  registries: Registries,
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
    through !== undefined &&
    waysTo(components, registries, store['service'], through).length === 0
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
