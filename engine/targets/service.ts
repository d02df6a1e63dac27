import type { ContainerFault, GenericFault } from '../../core/fault.ts';
import { componentsIn, type PlannedComponent } from '../../core/planned.ts';
import { faultFor, type Registries } from '../../core/registries.ts';
import { componentsHit } from '../../core/targets.ts';
import { owned } from '../plan-input.ts';
import { serviceOf } from '../drill-environment.ts';
import { sufferedBy } from './suffering.ts';
import type { Target } from './target.ts';

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

/** One of the stack that no component stands for. */
export const service: Target = {
  suffered: (context, plan, registries, path) => {
    const within = componentsIn(plan.target, context.components);
    const fault = ofService(registries, plan.name, within);
    const declared = context.services.get(plan.target)!;
    return sufferedBy(context, { fault, who: 'it', declared }, plan, registries, path);
  },
  shown: (planned, components) => ({ on: 'service', components: componentsHit(planned, components) }),
  aim: async (drill, { fault, plan, params }) => {
    const { clock } = drill;
    return () =>
      (fault as ContainerFault<unknown>).inject({ service: serviceOf(drill, plan.target), clock }, params, {
        seed: drill.seed,
      });
  },
  isBackedUpBy: (backup, planned, components) =>
    componentsHit(planned, components).includes(backup.component),
  isUnderTest: true,
  canBeAsked: true,
  isNoticed: true,
  isUnderBackups: false,
  cutsLogs: false,
};
