import type { PlannedFault } from '../core/planned.ts';
import type { Context } from './plan-context.ts';

/**
 * Faults of a proxy by whose service no load of the scenario comes, as far as the strategy says which way
 * they come. Not refused: the application may come by it on its way to something else, which the drill will
 * see.
 */
export function notesOnRoutes(
  { source, scenario, components }: Context,
  faults: readonly PlannedFault[],
): string[] {
  const routes = Object.entries(scenario.load).flatMap(([load, { target }]) => {
    const one = components.get(target);
    return one ? [{ load, target, service: one.declared.clients?.service ?? one.service }] : [];
  });
  return faults.flatMap(({ fault, plan }) => {
    if (!('oneRoute' in fault && fault.oneRoute)) return [];
    const { service } = components.get(plan.target)!;
    if (routes.some((route) => route.service === service)) return [];
    const { file, line, column } = source.place(whereOf(scenario.fault, plan));
    const others =
      routes.map(({ load, target, service: by }) => `${load} goes to ${target} by ${by}`).join(', ') ||
      'there is no load';
    return [
      `${file}:${line}:${column}: ${plan.name} breaks a way through ${service}, and no load comes that way: ${others}. If nobody meets it, the drill is inconclusive; \`clients\` in the strategy says which way they come`,
    ];
  });
}

const whereOf = (all: readonly PlannedFault['plan'][], plan: PlannedFault['plan']): (string | number)[] => {
  const index = all.indexOf(plan);
  return ['fault', ...(all.length > 1 && index >= 0 ? [index] : []), plan.name];
};
