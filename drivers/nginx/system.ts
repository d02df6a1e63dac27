import type { Check, System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Endpoint } from '../../core/service.ts';
import type { NginxSite } from './site.ts';

/** An nginx that the driver has opened. */
export interface NginxSystem extends System {
  site: NginxSite;
  /** Where the clients go in. */
  clients(): Promise<Endpoint>;
  /** Watches from before the load on. */
  unbroken: Check;
}

export const nginxFault = systemFaults<NginxSystem>();
