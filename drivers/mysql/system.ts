import type { Attached } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Site } from './server.ts';

/** A MySQL server that the driver is attached to. */
export interface MysqlSystem extends Attached {
  site: Site;
}

export const mysqlFault = systemFaults<MysqlSystem>();
