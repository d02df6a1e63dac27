import type { PlannedFault, TargetName } from '../../core/planned.ts';
import { componentsHit } from '../../core/targets.ts';
import type { Given } from '../drill-context.ts';
import { component } from './component.ts';
import { region } from './region.ts';
import { service } from './service.ts';
import { store } from './store.ts';
import type { Target } from './target.ts';

/** Every kind of target. */
export const targets: Record<TargetName, Target> = { component, service, store, region };

export const targetOf = ({ on }: Pick<PlannedFault, 'on'>): Target => targets[on];

/**
 * Components that a fault is aimed at and that can be asked whether they are ready: a store has no clients of
 * its own, and of a lost region nobody is asked.
 */
export function brokenComponents({ plan: { faults, components } }: Pick<Given, 'plan'>): string[] {
  const hit = (which: readonly PlannedFault[]): string[] =>
    which.flatMap((one) => componentsHit(one, components));
  const unasked = hit(faults.filter((one) => !targetOf(one).canBeAsked));
  return [...new Set(hit(faults))].filter((name) => !unasked.includes(name));
}
