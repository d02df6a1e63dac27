import { unknownName } from '../core/document.ts';
import type { PlannedCheck, PlannedFault } from '../core/planned.ts';
import { allByDefault } from '../core/planned-checks.ts';
import type { Context } from './plan-context.ts';

/** What stays away is a component or a service of the stack. */
export function checkStaysAway({ source, scenario, components, services, problems }: Context): void {
  const known = [...new Set([...components.keys(), ...services.keys()])];
  scenario.staysAway.forEach((name, i) => {
    if (!known.includes(name))
      problems.add(unknownName(source, ['staysAway', i], 'component or service', name, known));
  });
}

/** What is declined is one of those that run by default. */
export function checkDeclined(
  context: Context,
  faults: readonly PlannedFault[],
  named: readonly PlannedCheck[],
): void {
  const open = allByDefault(context, faults, named).map(({ id }) => id);
  for (const id of Object.keys(context.scenario.decline))
    if (!open.includes(id))
      context.problems.add(
        unknownName(context.source, ['decline', id], 'check that runs by default', id, open, true),
      );
}
