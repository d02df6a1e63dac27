import type { RouteTo } from '../../core/fault.ts';
import { faultFor } from '../../core/registries.ts';
import type { Sandbox, Control, Given } from '../drill-context.ts';
import { routesTo } from '../plan-context.ts';
import { atHand, injectInto } from './component.ts';

/** The way to a store, as a fault of the store breaks it; null where no component is that. */
export function routeTo(
  drill: Sandbox & Control & Given,
  service: string | undefined,
  name: string,
): RouteTo | null {
  const { registries } = drill;
  const [route] = routesTo(drill.plan.components, registries, service, name);
  const fault = route && faultFor(route.driver, name, registries);
  if (!route || !fault || typeof fault === 'string') return null;
  return {
    suffer: (params, context) =>
      injectInto(atHand(drill, route.name), fault, fault.params.parse(params), context),
  };
}
