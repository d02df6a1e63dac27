import type { AnyFault } from './fault.ts';
import type { PlannedComponent, PlannedFault, TargetName } from './planned.ts';

type Components = ReadonlyMap<string, PlannedComponent>;

/** What a kind of target is to whoever reads a plan or a timeline. How it is struck, the engine says. */
interface TargetKind {
  /** Components that are broken with it. */
  hits(target: string, components: Components): string[];
  /** It is the component itself: its data is what a fault of it may take. */
  isComponent: boolean;
  /** It takes all that is in it away at once: nobody looks at what is in there. */
  isWhole: boolean;
  /** With it goes what clients wrote: they change nothing of that while it is being broken. */
  holdsRecords: boolean;
}

const namesOf = (components: Components, isHit: (one: PlannedComponent) => boolean): string[] =>
  [...components.values()].filter(isHit).map(({ name }) => name);

/** Every kind of target. */
export const targetKinds: Record<TargetName, TargetKind> = {
  component: { hits: (target) => [target], isComponent: true, isWhole: false, holdsRecords: true },
  service: {
    hits: (target, components) => namesOf(components, ({ service }) => service === target),
    isComponent: false,
    isWhole: false,
    holdsRecords: true,
  },
  store: { hits: () => [], isComponent: false, isWhole: false, holdsRecords: false },
  region: {
    hits: (target, components) => namesOf(components, ({ region }) => region === target),
    isComponent: false,
    isWhole: true,
    holdsRecords: true,
  },
};

/** By what a fault acts on: stores and regions have names of their own, all else is a component. */
const byFault: Record<AnyFault['on'], TargetName> = {
  container: 'component',
  storage: 'component',
  system: 'component',
  store: 'store',
  region: 'region',
};

/** What a fault is aimed at. `isComponent`: whether its target is the name of one. */
export function targetOf(fault: Pick<AnyFault, 'on'>, isComponent: boolean): TargetName {
  const target = byFault[fault.on];
  return targetKinds[target].isComponent && !isComponent ? 'service' : target;
}

/**
 * Components that a fault is aimed at; of a region all that are in it, of a service those that live in it, of
 * a store and of what was so beforehand none.
 */
export const componentsHit = (
  { plan, on }: Pick<PlannedFault, 'plan' | 'on'>,
  components: Components,
): string[] => (plan.beforehand ? [] : targetKinds[on].hits(plan.target, components));

/**
 * Whether clients' changes are held before it strikes, so that its loss shows. Not for what happens in the
 * middle of a restore, when loads leave the records alone anyway.
 */
export const holdsChanges = ({ plan, fault, on }: Pick<PlannedFault, 'plan' | 'fault' | 'on'>): boolean =>
  targetKinds[on].holdsRecords &&
  !plan.beforehand &&
  !('needsChanges' in fault) &&
  !plan.at.startsWith('restore.');

/** Whether one of the faults takes all that is in its target away at once. */
export const losesWhole = (faults: readonly Pick<PlannedFault, 'on'>[]): boolean =>
  faults.some(({ on }) => targetKinds[on].isWhole);
