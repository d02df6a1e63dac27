import type { ActiveFault } from '../../core/active-fault.ts';
import { systemClock } from '../../core/clock.ts';
import type { AnyDriver, Attached } from '../../core/driver.ts';
import { faultFor } from '../../core/registries.ts';
import { drivers } from '../../drivers/index.ts';
import { injectInto } from '../../engine/targets/component.ts';
import type { FileDamage } from '../../faults/file-damage.ts';
import { faults } from '../../faults/index.ts';

/** By the product that the server says it is; a service of one's own says another. */
const driverOf = ({ server }: Attached): AnyDriver =>
  Object.entries<AnyDriver>(drivers).find(([name]) => server.toLowerCase().includes(name))?.[1] ??
  drivers.http;

/** Injects the fault of that name as the engine would: the driver's own, or the one for any container. */
export async function suffer(
  attached: Attached,
  name: string,
  { seed = 1, ...params }: Record<string, unknown> & { seed?: number } = {},
): Promise<ActiveFault> {
  const fault = faultFor(driverOf(attached), name, { faults });
  if (typeof fault === 'string') throw new Error(`${attached.server} cannot suffer ${name}: ${fault}`);
  return injectInto({ attached, clock: systemClock }, fault, fault.params.parse(params), { seed });
}

const byDamage = { 'flip-bits': 'flip-bits', truncate: 'truncate-file', delete: 'delete-file' } as const;

/** The same for damage to a file. */
export const damageFileOf = (attached: Attached, { how, ...damage }: FileDamage): Promise<ActiveFault> =>
  suffer(attached, byDamage[how], damage);

export const canSuffer = (driver: AnyDriver, name: string): boolean =>
  typeof faultFor(driver, name, { faults }) !== 'string';
