import { unknownName } from '../core/document.ts';
import type { Context } from './plan-scenario.ts';

/** What stays away is a component or a service of the stack. */
export function checkStaysAway({ source, scenario, components, services, problems }: Context): void {
  const known = [...new Set([...components.keys(), ...services])];
  scenario.staysAway.forEach((name, i) => {
    if (!known.includes(name)) problems.add(unknownName(source, ['staysAway', i], 'component or service', name, known));
  });
}
