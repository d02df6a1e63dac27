import type { ActiveFault } from '../core/active-fault.ts';
import type { Clock } from '../core/clock.ts';
import type { Attached } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { ComponentFault, FaultContext, WayTo } from '../core/fault.ts';
import { faultFor } from '../core/registries.ts';
import { attachedTo, storeOf, type Drill } from './drill-context.ts';
import type { PlannedFault } from '../core/planned.ts';
import { waysTo } from './plan-context.ts';
import { serviceOf } from './surroundings.ts';
import { regionTarget } from './regions.ts';

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

const atHand = (drill: Drill, component: string): ComponentAtHand => ({
  attached: attachedTo(drill, component),
  clock: drill.dependencies.clock,
});

/** How a planned fault is injected. One of a region is made ready first. */
export async function aimed(
  drill: Drill,
  { id, fault, plan, params, ofService }: PlannedFault,
): Promise<() => Promise<ActiveFault>> {
  const context = { seed: drill.options.seed };
  if (fault.on === 'region') return fault.aim(regionTarget(drill, plan.target, id), params, context);
  if (fault.on === 'store') return () => fault.inject(storeOf(drill, plan.target), params, context);
  if (ofService && fault.on === 'container') {
    const { clock } = drill.dependencies;
    return () => fault.inject({ service: serviceOf(drill, plan.target), clock }, params, context);
  }
  return () => injectInto(atHand(drill, plan.target), fault, params, context);
}

/** The way to a store, as a fault of the store breaks it; null where no component is that. */
export function wayTo(drill: Drill, service: string | undefined, name: string): WayTo | null {
  const { registries } = drill.dependencies;
  const [way] = waysTo(drill.plan.components, registries, service, name);
  const fault = way && faultFor(way.driver, name, registries);
  if (!way || !fault || typeof fault === 'string') return null;
  return {
    suffer: (params, context) =>
      injectInto(atHand(drill, way.name), fault, fault.params.parse(params), context),
  };
}
