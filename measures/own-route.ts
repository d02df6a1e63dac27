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

/**
 * Clients of `target` go in by the component's own service, or by the same way as its clients do; to a
 * service that no component stands for by that service.
 */
export function comesBy(strategy: Strategy, target: string, component: string): boolean {
  const [route, other] = [routeOf(strategy, component), routeOf(strategy, target)];
  if (other === null) return false;
  const service = strategy.components[component]?.service ?? component;
  if (other.service === service) return true;
  return (
    route !== null && route.port !== null && other.service === route.service && other.port === route.port
  );
}
