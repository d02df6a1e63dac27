import type { System } from '../../core/driver.ts';
import type { LoginConfig } from './config.ts';
import type { Sessions } from './sessions.ts';
import type { Way } from './way.ts';

/** A web service that the driver has opened, as its clients reach it. */
export interface LoginSystem extends System {
  way: Way;
  sessions: Sessions;
  adminToken: string;
  config: LoginConfig;
  seed: number;
}
