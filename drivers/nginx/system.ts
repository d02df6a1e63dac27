import type { Attached } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Site } from './site.ts';

/** An nginx that the driver is attached to. */
export interface NginxSystem extends Attached {
  site: Site;
}

export const nginxFault = systemFaults<NginxSystem>();
