import type { ActiveFault } from '../../core/active-fault.ts';
import type { Clock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { unknownName } from '../../core/document.ts';
import type { ComponentFault, FaultContext } from '../../core/fault.ts';
import { faultFor } from '../../core/registries.ts';
import { owned } from '../plan-input.ts';
import { attachedTo, type Sandbox, type Control } from '../drill-context.ts';
import { sufferedBy } from './suffering.ts';
import type { Target } from './target.ts';

/** A component as faults find it: what its driver is attached to. */
export interface ComponentAtHand {
  attached: Attached;
  clock: Clock;
}

/**
 * Injects a fault into what it acts on of a component: its container, its folder of data, or the system that
 * its driver knows. Rejects with an environment error where the driver names no folder of data.
 */
export async function injectInto(
  { attached, clock }: ComponentAtHand,
  fault: ComponentFault,
  params: unknown,
  context: FaultContext,
): Promise<ActiveFault> {
  const { service, data } = attached;
  if (fault.on === 'container') return fault.inject({ service, clock }, params, context);
  if (fault.on === 'system') return fault.inject(attached, params, context);
  if (!data) throw environmentError(`${service.name} names no folder of data`, { found: attached.server });
  return fault.inject(data, params, context);
}

export const atHand = (drill: Sandbox & Control, component: string): ComponentAtHand => ({
  attached: attachedTo(drill, component),
  clock: drill.clock,
});

export const component: Target = {
  suffered: (context, plan, registries, path) => {
    const { source, components, services, problems } = context;
    const found = components.get(plan.target);
    if (!found) {
      // Where any container can suffer it, a service that is no component can as well.
      const own = owned(registries.faults, plan.name)?.on === 'container' ? [...services.keys()] : [];
      const names = [...new Set([...components.keys(), ...own])];
      const what = own.length > 0 ? 'component or service' : 'component';
      problems.add(unknownName(source, [...path, plan.name], what, plan.target, names));
      return null;
    }
    const generic = owned(registries.faults, plan.name);
    if (generic?.on === 'storage' && generic.losesData && found.shares.length > 0) {
      problems.add(
        inputError(
          `${plan.target} shares what it keeps its data on, and ${plan.name} would take that of others`,
          {
            at: source.place([...path, plan.name]),
            found: `a volume that ${found.shares.join(' and ')} has as well`,
            expected: 'a volume of its own for each component',
            hint: 'give each a volume of its own in a compose file for drills',
          },
        ),
      );
      return null;
    }
    const fault = faultFor(found.driver, plan.name, registries);
    const who = `driver ${found.declared.driver}`;
    return sufferedBy(context, { fault, who, declared: found.compose }, plan, registries, path);
  },
  shown: () => ({}),
  aim:
    async (drill, { fault, plan, params }) =>
    () =>
      injectInto(atHand(drill, plan.target), fault as ComponentFault, params, { seed: drill.seed }),
  isBackedUpBy: (backup, { plan }) => !plan.beforehand && backup.component === plan.target,
  isUnderTest: true,
  canBeAsked: true,
  isNoticed: true,
  isUnderBackups: false,
  cutsLogs: false,
};
