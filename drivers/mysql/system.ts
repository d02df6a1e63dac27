import type { System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { MysqlSite } from './site.ts';

/** A MySQL server that the driver has opened. */
export interface MysqlSystem extends System {
  site: MysqlSite;
}

export const mysqlFault = systemFaults<MysqlSystem>();
