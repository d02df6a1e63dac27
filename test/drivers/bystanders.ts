import type { Service, ServiceState } from '../../core/service.ts';
import { labels } from '../../stack/owner.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { marked } from '../../stack/marked.ts';

/** Docker asks for the health seldom: what it knows of it changes with the time that has passed. */
const sameAlways = ({ health: _, ...state }: ServiceState): Omit<ServiceState, 'health'> => state;

/**
 * What a fault must leave as it was: the other services of the stack, and everything that carries the drill's
 * label.
 */
export async function bystanders(
  drill: string,
  services: ReadonlyMap<string, Service>,
  target: string,
): Promise<unknown> {
  // Connections are tried from a helper that is kept for the drill: it is there from the first time on.
  const [port] = services.get(target)!.ports;
  if (port !== undefined) await services.get(target)!.tryConnection(port);
  const others = [...services].filter(([name]) => name !== target);
  const states = await Promise.all(
    others.map(async ([name, service]) => [name, sameAlways(await service.state())] as const),
  );
  const there = await marked(await getRuntime(), [`${labels.drill}=${drill}`]);
  return {
    states: Object.fromEntries(states),
    there: there.map(({ kind, name }) => `${kind} ${name}`).sort(),
  };
}
