import type { System } from '../../core/driver.ts';
import type { HttpConfig } from './config.ts';
import type { Sessions } from './sessions.ts';
import type { Way } from './way.ts';

/** A web service that the driver has opened, as its clients reach it. */
export interface HttpSystem extends System {
  way: Way;
  sessions: Sessions;
  adminToken: string;
  config: HttpConfig;
  seed: number;
}
