import type { AnyDriver } from './driver.ts';
import type { AnyFault, ComponentFault, GenericFault } from './fault.ts';
import type { Format } from './format.ts';
import type { Measure } from './measure.ts';
import type { AnyStoreKind } from './store.ts';

/** Everything that can be named in a file. The engine is handed these; it knows no technology itself. */
export interface Registries {
  drivers: Record<string, AnyDriver>;
  /** Those that need no driver; drivers have further ones of their own. */
  faults: Record<string, GenericFault>;
  stores: Record<string, AnyStoreKind>;
  measures: Record<string, Measure>;
  formats: Record<string, Format>;
}

const owned = <T>(all: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

/**
 * The fault of that name as a system of this driver suffers it: the driver's own, or what any container or
 * folder of data can suffer. In words of which the driver is the subject
 * why not, where it cannot.
 */
export function faultFor(
  driver: AnyDriver,
  name: string,
  { faults }: Pick<Registries, 'faults'>,
): ComponentFault | string {
  const own = owned(driver.faults, name);
  if (own) return own;
  const fault = owned(faults, name);
  if (!fault || fault.on === 'store' || fault.on === 'region') return 'knows no such fault';
  const declined = driver.declines && owned(driver.declines, name);
  if (declined) return declined;
  if (driver.inProcess) return 'runs in no container';
  if (fault.on === 'storage' && !driver.dataFolders) return 'keeps no folder of data';
  return fault;
}

/**
 * Every fault that can be named, by its name: those that need no driver, and those of the drivers. Where more
 * than one knows a fault by the same name its parameters are the same.
 */
export function everyFault({
  faults,
  drivers,
}: Pick<Registries, 'faults' | 'drivers'>): Record<string, AnyFault> {
  return Object.assign(
    {},
    faults,
    ...Object.values(drivers).map((driver) => driver.faults),
    faults,
  ) as Record<string, AnyFault>;
}
