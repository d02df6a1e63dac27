import type { BackupInfo } from './backup.ts';
import type { AnyDriver } from './driver.ts';
import type { DeclaredService } from './declared-service.ts';
import type { AnyFault } from './fault.ts';
import type { FaultPlan, Scenario } from './scenario.ts';
import type { AnyStoreKind } from './store.ts';
import type { ProcedureName } from './timeline.ts';
import type { BackupPlan, CommandLine, Component, Strategy } from './strategy.ts';

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
  /** Other components in whose service a volume of its data is mounted, too. */
  shares: readonly string[];
}
export interface PlannedBackup {
  id: string;
  component: string;
  name: string;
  plan: BackupPlan;
  info: BackupInfo;
  options: Record<string, unknown>;
}
/** What a fault can be aimed at. `service`: one of the stack that no component stands for. */
export type TargetName = 'component' | 'service' | 'store' | 'region';

/** `id`: what its events carry. */
export interface PlannedFault {
  id: string;
  plan: FaultPlan;
  fault: AnyFault;
  params: unknown;
  /** What it is aimed at. */
  on: TargetName;
}
/** Whether it takes or changes data, so that only a restore brings that back; `all`: whatever there is. */
export const losesData = ({ fault, plan }: Pick<PlannedFault, 'fault' | 'plan'>): boolean | 'all' =>
  !plan.beforehand && 'losesData' in fault && (fault.losesData ?? false);
/** How many further recovery points hold its damage before anyone acts; 0 where it is noticed at once. */
export const unnoticedPoints = ({ fault, params }: PlannedFault): number =>
  'unnoticedPoints' in fault ? (fault.unnoticedPoints?.(params as never) ?? 0) : 0;
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
 * and it runs because the component's data is touched, because another server may have taken over from it
 * (`elsewhere`: then what an application may have changed as well is open), because a command may reach it
 * (`beside`: then only what vanished as a whole fails), or on every drill.
 */
export interface PlannedCheck {
  id: string;
  named: string;
  component: string;
  check: string;
  byDefault?: 'touched' | 'elsewhere' | 'always' | 'beside';
}

/** The id of the fault at this place of a scenario. */
export const faultId = (index: number): string => `fault-${index + 1}`;

/** Everything a drill needs, every name resolved and every pairing known to be possible. */
export interface Plan {
  procedure: ProcedureName;
  scenarioFile: string;
  strategyFile: string;
  stackFile: string | null;
  /** Compose files that go over it, in order. */
  stackOverrides: readonly string[];
  scenario: Scenario;
  strategy: Strategy;
  components: Map<string, PlannedComponent>;
  /** Those that run in this drill. */
  backups: PlannedBackup[];
  /** All that the strategy declares. */
  declared: PlannedBackup[];
  faults: PlannedFault[];
  stores: PlannedStore[];
  checks: PlannedCheck[];
  /** Commands of the strategy that the scenario names as checks. */
  invariants: { named: string; command: CommandLine }[];
  /** Whether the scenario asks for the ledger to be judged. */
  ledger: boolean;
  /** What services get in the place of what they would have of the host, a line each. */
  mounts: readonly string[];
  /** What of the compose file is fixed or shared with others, and what there is in its place, a line each. */
  moved: readonly string[];
  /** Things that are allowed and that a reader should know. */
  notes: string[];
}

/** Every component that lives in the service of that name, or in that of the component of that name. */
export function componentsIn(
  target: string,
  components: ReadonlyMap<string, PlannedComponent>,
): PlannedComponent[] {
  const service = components.get(target)?.service ?? target;
  return [...components.values()].filter((one) => one.service === service);
}
