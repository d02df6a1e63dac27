import type { Plan } from '../core/planned.ts';

/**
 * The drills that a scenario asks for: one for each moment of its `sweep`, at which its first fault strikes
 * instead of at its own; or the one.
 */
export function sweptPlans(plan: Plan): Plan[] {
  const { sweep, ...scenario } = plan.scenario;
  if (!sweep) return [plan];
  return sweep.map((at) => {
    const faults = plan.faults.map((fault, i) =>
      i === 0 ? { ...fault, plan: { ...fault.plan, at } } : fault,
    );
    return { ...plan, faults, scenario: { ...scenario, fault: faults.map((fault) => fault.plan) } };
  });
}
