import { unknownName } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { FaultPlan, Step } from '../core/scenario.ts';
import type { PlannedFault } from '../core/planned.ts';
import type { Context, Path } from './plan-context.ts';

/** The target of a fault of a region: one that a service which will be there is labelled with. */
export function checkRegionTarget({ source, regions, problems }: Context, plan: FaultPlan, path: Path): void {
  const place: Path = [...path, plan.name];
  if (regions.includes(plan.target)) return;
  if (regions.length > 0) {
    problems.add(unknownName(source, place, 'region', plan.target, regions));
    return;
  }
  problems.add(
    inputError(`there is no region ${plan.target}: no service of the stack is labelled with any`, {
      at: source.place(place),
      found: plan.target,
      expected: 'services with the label muster.region',
      hint: 'a service behind a profile that the strategy does not ask for does not count',
    }),
  );
}

/** A region comes back only where the scenario takes it away. */
export function checkReturn(
  { source, problems }: Context,
  step: Extract<Step, { return: string }>,
  path: Path,
  faults: readonly PlannedFault[],
): void {
  const lost = faults.filter(({ fault }) => fault.on === 'region').map(({ plan }) => plan.target);
  if (!lost.includes(step.return))
    problems.add(unknownName(source, [...path, 'return'], 'region lost in this scenario', step.return, lost));
}
