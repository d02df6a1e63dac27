import type { AnyDriver } from './driver.ts';
import type { AnyFault } from './fault.ts';
import type { Format } from './format.ts';
import type { Measure } from './measure.ts';
import type { AnyStoreKind } from './store.ts';

/** Everything that can be named in a file. The engine is handed these; it knows no technology itself. */
export interface Registries {
  drivers: Record<string, AnyDriver>;
  faults: Record<string, AnyFault>;
  stores: Record<string, AnyStoreKind>;
  measures: Record<string, Measure>;
  formats: Record<string, Format>;
}
