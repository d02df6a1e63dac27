import type { Clock } from '../../core/clock.ts';
import type { System } from '../../core/driver.ts';
import type { Memory } from './memory.ts';
import type { HttpConfig } from './shape.ts';
import type { Asker } from './steps.ts';
import type { Values } from './template.ts';

/** A service that the driver has opened, as its clients reach it. */
export interface HttpSystem extends System {
  asker: Asker;
  memory: Memory;
  config: HttpConfig;
  clock: Clock;
  /** Does once what the configuration wants done before anything else. */
  setUp(): Promise<void>;
  /** What that captured. */
  given(): Values;
}
