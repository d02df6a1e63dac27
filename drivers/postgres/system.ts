import type { System } from '../../core/driver.ts';
import { systemFaults } from '../../core/fault.ts';
import type { PostgresSite } from './server.ts';

/** A PostgreSQL server that the driver has opened. */
export interface PostgresSystem extends System {
  site: PostgresSite;
}

export const postgresFault = systemFaults<PostgresSystem>();
