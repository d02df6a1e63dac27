import { losesData, type Plan } from '../core/planned.ts';
import { isOfComponent } from '../core/fault.ts';
import { kindOf, replayedBy, restoredBy, runsIn, stepsOf, type Step } from '../core/steps/index.ts';
import type { RunStep } from '../core/steps/run.ts';
import { componentsHit } from '../core/targets.ts';
import { actionOwner } from './steps/run.ts';

type Planned = Pick<Plan, 'components' | 'faults' | 'scenario'>;

/**
 * Whether a step may bring a component back, or change what it holds: until it has ended, nobody asks that
 * one whether it is ready, and what it says before that is no recovery. One that is aimed at a component acts
 * on what lives with that one, and where no step is aimed at what lost its data, any of them may bring that
 * back. Where another server takes over, or clients are sent elsewhere, what served them before does so by no
 * means of its own: a server that is fenced is ready as such. What else a step does nobody knows: it may load
 * whatever holds data.
 */
export function mayActOn(plan: Planned, step: Step, name: string): boolean {
  if (movesServiceOf(plan, step, name)) return true;
  const aimedAt = aimOf(plan, step);
  if (aimedAt !== null)
    return (
      livesWith(plan, name, aimedAt) ||
      (lostData(plan, name) &&
        !stepsOf(plan.scenario).some((one) => {
          const aim = aimOf(plan, one);
          return aim !== null && livesWith(plan, name, aim);
        }))
    );
  return runsIn(step) === plan.components.get(name)!.service || holdsData(plan, name);
}

/** Whether a step has another server do what this one did, or sends its clients to another one. */
function movesServiceOf({ components }: Planned, step: Step, name: string): boolean {
  const owner = kindOf(step) === 'run' ? actionOwner(components, step as RunStep) : null;
  if (owner === null) return false;
  const { run } = step as RunStep;
  const { driver, declared } = components.get(name)!;
  if (owner.driver.takesOver?.includes(run)) return owner.driver === driver;
  return Object.hasOwn(owner.driver.movesClients ?? {}, run) && declared.clients?.service === owner.service;
}

/** The component that the step is aimed at; null of what is aimed at none. */
function aimOf({ components }: Planned, step: Step): string | null {
  const known = restoredBy(step) ?? replayedBy(step);
  return known ?? (kindOf(step) === 'run' ? (actionOwner(components, step as RunStep)?.name ?? null) : null);
}

const livesWith = ({ components }: Planned, name: string, other: string): boolean =>
  components.get(name)!.service === components.get(other)?.service ||
  components.get(name)!.shares.includes(other);

const lostData = (plan: Planned, name: string): boolean =>
  plan.faults.some(
    (one) =>
      (losesData(one) || (isOfComponent(one.fault) && one.fault.mayLoseData)) &&
      componentsHit(one, plan.components).some((hit) => livesWith(plan, name, hit)),
  );

function holdsData(plan: Planned, name: string): boolean {
  const { driver, declared } = plan.components.get(name)!;
  return (
    Object.hasOwn(driver.checks, 'inventory') ||
    Object.keys(declared.backups).length > 0 ||
    lostData(plan, name)
  );
}
