import { unknownName, type Source } from '../core/document.ts';
import type { DeclaredService } from '../core/declared-service.ts';
import { faultFor, type Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Strategy } from '../core/strategy.ts';
import type { ProcedureName } from '../core/timeline.ts';
import type { PlannedBackup, PlannedComponent } from '../core/planned.ts';
import { owned, type Problems } from './plan-input.ts';

export type Components = Map<string, PlannedComponent>;

export type Path = (string | number)[];

/**
 * `regions`: those that services of the stack are labelled with. `hostCommands`: whether the command line
 * allows commands on the host.
 */
export interface StrategyContext {
  strategy: Strategy;
  strategyFile: string;
  components: Components;
  regions: readonly string[];
  /** What the compose file says of each service of the stack. */
  services: ReadonlyMap<string, DeclaredService>;
  hostCommands: boolean;
}

export interface Context extends StrategyContext {
  procedure: ProcedureName;
  source: Source;
  scenario: Scenario;
  problems: Problems;
}

export function component(
  { source, components, problems }: Context,
  name: string,
  path: Path,
  onKey = false,
): PlannedComponent | null {
  const found = components.get(name);
  if (!found) problems.add(unknownName(source, path, 'component', name, [...components.keys()], onKey));
  return found ?? null;
}

export const able = ({ components }: Context, can: (component: PlannedComponent) => boolean): string =>
  [...components.values()]
    .filter(can)
    .map((one) => one.name)
    .join(', ') || 'none here';

export const backupNames = ({ components }: Context): string[] =>
  [...components.values()].flatMap((one) =>
    Object.keys(one.declared.backups).map((name) => `${one.name}.${name}`),
  );

export function backupOf(context: Context, id: string): PlannedBackup | null {
  const [componentName, name] = id.split('.', 2) as [string, string | undefined];
  const owner = context.components.get(componentName);
  const plan = name === undefined ? undefined : owned(owner?.declared.backups, name);
  if (!owner || !plan) return null;
  const info = owner.driver.backups[plan.method]!;
  const options = info.options.safeParse(plan.options);
  return {
    id,
    component: componentName,
    name: name!,
    plan,
    info,
    options: options.success ? options.data : {},
  };
}

/** Components by way of which a store in that service is reached, and which can suffer the fault. */
export const routesTo = (
  components: ReadonlyMap<string, PlannedComponent>,
  registries: Registries,
  service: unknown,
  fault: string,
): PlannedComponent[] =>
  [...components.values()].filter(
    (one) => one.service === service && typeof faultFor(one.driver, fault, registries) !== 'string',
  );
