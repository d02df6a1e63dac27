import type { Strategy } from '../core/strategy.ts';

interface Route {
  service: string;
  port: number | null;
}

const routeOf = ({ components }: Strategy, name: string): Route | null => {
  const component = components[name];
  return component
    ? {
        service: component.clients?.service ?? component.service ?? name,
        port: component.clients?.port ?? null,
      }
    : null;
};

const serviceOf = ({ components }: Strategy, name: string): string => components[name]?.service ?? name;

/** Both are in the same service: by name of a component, or of that service. */
export const livesWith = (strategy: Strategy, one: string, other: string): boolean =>
  serviceOf(strategy, one) === serviceOf(strategy, other);

/** Clients of `target` go in by the component's own service, so that none is served without it. */
export const goesThrough = (strategy: Strategy, target: string, component: string): boolean =>
  routeOf(strategy, target)?.service === serviceOf(strategy, component);

/**
 * Clients of `target` go in by the component's own service, or by the same way as its clients do; to a
 * service that no component stands for by that service.
 */
export function comesBy(strategy: Strategy, target: string, component: string): boolean {
  const [route, other] = [routeOf(strategy, component), routeOf(strategy, target)];
  if (other === null) return false;
  if (goesThrough(strategy, target, component)) return true;
  return (
    route !== null && route.port !== null && other.service === route.service && other.port === route.port
  );
}
