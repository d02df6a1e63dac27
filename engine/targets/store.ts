import { unknownName } from '../../core/document.ts';
import { inputError, type MusterError } from '../../core/errors.ts';
import type { StoreFault } from '../../core/fault.ts';
import { storeOf } from '../drill-context.ts';
import { routesTo, type Context, type Path } from '../plan-context.ts';
import type { Registries } from '../../core/registries.ts';
import type { FaultPlan } from '../../core/scenario.ts';
import { owned } from '../plan-input.ts';
import type { Target } from './target.ts';

/** Where recovery points live: a recovery has it around it. */
export const store: Target = {
  suffered: (context, plan, registries, path) => {
    const fault = owned(registries.faults, plan.name) as StoreFault<unknown>;
    const problem = problemOf(context, plan, fault, registries, path);
    if (problem) context.problems.add(problem);
    return fault;
  },
  shown: ({ fault }) => ({
    on: 'store',
    ...((fault as StoreFault<unknown>).everyStore ? { everyStore: true } : {}),
  }),
  aim:
    async (drill, { fault, plan, params }) =>
    () =>
      (fault as StoreFault<unknown>).inject(storeOf(drill, plan.target), params, {
        seed: drill.seed,
      }),
  isBackedUpBy: (backup, { plan }) => backup.plan.copies.includes(plan.target),
  isUnderTest: false,
  canBeAsked: false,
  isNoticed: false,
  isUnderBackups: true,
  cutsLogs: false,
};

function problemOf(
  { source, strategy, components }: Context,
  plan: FaultPlan,
  { needsService, through }: StoreFault<unknown>,
  registries: Registries,
  path: Path,
): MusterError | null {
  const { name, target } = plan;
  const declared = owned(strategy.stores, target);
  const at = source.place([...path, name]);
  if (!declared) return unknownName(source, [...path, name], 'store', target, Object.keys(strategy.stores));
  if (needsService && typeof declared['service'] !== 'string')
    return inputError(`store ${target} cannot suffer ${name}: it lives in no service of the stack`, {
      at,
      found: target,
      expected: 'a store with a service',
    });
  if (through === undefined || routesTo(components, registries, declared['service'], through).length > 0)
    return null;
  return inputError(`store ${target} cannot suffer ${name}: no network that can be broken lies before it`, {
    at,
    found: `service: ${String(declared['service'])}`,
    expected: 'a store that is reached through a component in which the network can be broken',
  });
}
