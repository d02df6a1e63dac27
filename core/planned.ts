import type { BackupInfo } from './backup.ts';
import type { AnyDriver } from './driver.ts';
import type { AnyFault, DeclaredService } from './fault.ts';
import type { FaultPlan } from './scenario.ts';
import type { AnyStoreKind } from './store.ts';
import type { BackupPlan, Component } from './strategy.ts';

/** `compose`: what the compose file says of its service; null without a stack. */
export interface PlannedComponent {
  name: string;
  service: string;
  driver: AnyDriver;
  declared: Component;
  config: unknown;
  /** That its service is labelled with. */
  region: string | null;
  compose: DeclaredService | null;
}
export interface PlannedBackup {
  id: string;
  component: string;
  name: string;
  plan: BackupPlan;
  info: BackupInfo;
  options: Record<string, unknown>;
}
/** `id`: what its events carry. */
export interface PlannedFault {
  id: string;
  plan: FaultPlan;
  fault: AnyFault;
  params: unknown;
  /** The target is a service of the stack, and no component. */
  ofService?: true;
}
/** `region`: where the strategy says that it lies. */
export interface PlannedStore {
  name: string;
  kind: AnyStoreKind;
  config: unknown;
  region: string | null;
  service: string | null;
}
/**
 * `named` is what the scenario calls it: `ttl` or `redis.ttl`. `byDefault`: the scenario does not name it,
 * and it runs because the component's data is touched, because a command may reach it (`beside`: then only
 * what vanished as a whole fails), or on every drill.
 */
export interface PlannedCheck {
  id: string;
  named: string;
  component: string;
  check: string;
  byDefault?: 'touched' | 'always' | 'beside';
}

/** The id of the fault at this place of a scenario. */
export const faultId = (index: number): string => `fault-${index + 1}`;

/**
 * Components that a fault is aimed at; of a region all that are in it, of a service those that live in it, of
 * a store and of what was so beforehand none.
 */
export function componentsHit(
  { fault, plan, ofService }: Pick<PlannedFault, 'fault' | 'plan' | 'ofService'>,
  components: ReadonlyMap<string, PlannedComponent>,
): string[] {
  if (fault.on === 'store' || plan.beforehand) return [];
  const all = [...components.values()];
  if (fault.on === 'region')
    return all.filter(({ region }) => region === plan.target).map(({ name }) => name);
  if (ofService) return all.filter(({ service }) => service === plan.target).map(({ name }) => name);
  return [plan.target];
}

/** Every component that lives in the service of that name, or in that of the component of that name. */
export function componentsIn(
  target: string,
  components: ReadonlyMap<string, PlannedComponent>,
): PlannedComponent[] {
  const service = components.get(target)?.service ?? target;
  return [...components.values()].filter((one) => one.service === service);
}
