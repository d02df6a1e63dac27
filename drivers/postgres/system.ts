import type { System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { Site } from './server.ts';

/** A PostgreSQL server that the driver has opened. */
export interface PostgresSystem extends System {
  site: Site;
}

export const postgresFault = systemFaults<PostgresSystem>();
