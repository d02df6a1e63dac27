import { unknownName } from '../core/document.ts';
import type { AbilityName } from '../core/driver.ts';
import { isRestore, type PlannedCheck, type PlannedFault } from './plan.ts';
import type { Context } from './plan-scenario.ts';

/** What stays away is a component or a service of the stack. */
export function checkStaysAway({ source, scenario, components, services, problems }: Context): void {
  const known = [...new Set([...components.keys(), ...services])];
  scenario.staysAway.forEach((name, i) => {
    if (!known.includes(name)) problems.add(unknownName(source, ['staysAway', i], 'component or service', name, known));
  });
}

/** Abilities whose use changes data. */
const onData: readonly AbilityName[] = [
  'wipe', 'corruptPages', 'dropTable', 'deleteRows', 'corruptRows', 'flushAll', 'damageFile', 'stalePages', 'encryptVolume',
];
const inventory = 'inventory';

/** Components whose data a fault or a restore touches, and whose driver can compare what they hold. */
function touched({ scenario, components }: Context, faults: readonly PlannedFault[]): string[] {
  const broken = faults.filter(({ fault }) => fault.on !== 'store' && fault.on !== 'region' && fault.needs.some((need) => onData.includes(need)));
  const restored = scenario.recover === 'automatic' ? [] : scenario.recover.filter(isRestore).map((step) => step.restore);
  const names = new Set([...broken.map(({ plan }) => plan.target), ...restored]);
  return [...names].filter((name) => Object.hasOwn(components.get(name)?.driver.checks ?? {}, inventory));
}

/** The inventory of each of them, unless the scenario names it itself or declines it. What is declined must be one of these. */
export function inventoriesByDefault(context: Context, faults: readonly PlannedFault[], named: readonly PlannedCheck[]): PlannedCheck[] {
  const { source, scenario, problems } = context;
  const all = touched(context, faults).map((component): PlannedCheck => {
    const id = `${component}.${inventory}`;
    return { id, named: id, component, check: inventory, byDefault: true };
  });
  const open = all.filter(({ id }) => !named.some((one) => one.id === id));
  for (const id of Object.keys(scenario.decline)) {
    if (!open.some((one) => one.id === id)) problems.add(unknownName(source, ['decline', id], 'check that runs by default', id, open.map((one) => one.id), true));
  }
  return open.filter(({ id }) => !Object.hasOwn(scenario.decline, id));
}
