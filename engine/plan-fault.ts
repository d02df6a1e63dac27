import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { GenericFault, StoreFault } from '../core/fault.ts';
import { everyFault, faultFor, type Registries } from '../core/registries.ts';
import type { FaultPlan } from '../core/scenario.ts';
import {
  faultId,
  componentsIn,
  type PlannedBackup,
  type PlannedComponent,
  type PlannedFault,
} from '../core/planned.ts';
import { able, waysTo, type Context, type Path } from './plan-context.ts';
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
    const suffered =
      generic?.on === 'store' || generic?.on === 'region'
        ? { fault: generic }
        : asSuffered(context, plan, registries, path);
    const { params: schema } = suffered?.fault ?? everyFault(registries)[plan.name]!;
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
    return suffered ? [{ id: faultId(i), plan, params, ...suffered }] : [];
  });
}

/** The fault as its target suffers it; null where it cannot, which is a problem then. */
function asSuffered(
  context: Context,
  plan: FaultPlan,
  registries: Registries,
  path: Path,
): Pick<PlannedFault, 'fault' | 'ofService'> | null {
  const { source, components, services, problems } = context;
  const { name, target } = plan;
  const place: Path = [...path, name];
  const component = components.get(target);
  const declared = component ? component.compose : services.get(target);
  if (!component && !declared) {
    problems.add(unknownName(source, place, 'component', target, [...components.keys()]));
    return null;
  }
  const fault = component
    ? faultFor(component.driver, name, registries)
    : ofService(registries, name, componentsIn(target, components));
  const why =
    typeof fault === 'string'
      ? `${component ? `driver ${component.declared.driver}` : 'it'} ${fault}`
      : ((declared && fault.refuses?.(declared)) ?? null);
  if (typeof fault !== 'string' && why === null) return component ? { fault } : { fault, ofService: true };
  const can = able(context, (one) => typeof faultFor(one.driver, name, registries) !== 'string');
  problems.add(
    inputError(`${target} cannot suffer ${name}: ${why}`, {
      at: source.place(place),
      found: target,
      ...(typeof fault === 'string' ? { expected: `one of ${can}` } : {}),
    }),
  );
  return null;
}

/**
 * Of a service that is no component only the container, and its network, can be broken: as any container is,
 * so that no component that lives in it may suffer that in a way of its own, or not at all.
 */
function ofService(
  registries: Registries,
  name: string,
  within: readonly PlannedComponent[],
): Extract<GenericFault, { on: 'container' }> | string {
  const fault = owned(registries.faults, name);
  if (fault?.on !== 'container')
    return 'is a service that no component stands for, of which only the container and its network can be broken';
  for (const component of within) {
    const suffered = faultFor(component.driver, name, registries);
    if (typeof suffered === 'string')
      return `is where ${component.name} lives, whose driver ${component.declared.driver} ${suffered}`;
    if (suffered !== fault)
      return `is where ${component.name} lives, which suffers that in a way of its own: name the component`;
  }
  return fault;
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
