import { tmpdir } from 'node:os';
import { systemClock } from '../../core/clock.ts';
import type { Attached, AttachContext, Driver, System } from '../../core/driver.ts';

/** What a test must say of a system that it attaches a driver to. */
type Context = Pick<AttachContext<never>, 'component' | 'service'>;

/**
 * A driver attached to a service: by its default configuration, with clients that go straight to it, and
 * without secrets, but for what the test says.
 */
export const attachTo = <Config, Opened extends System>(
  driver: Driver<Config, Opened>,
  context: Context & Partial<AttachContext<Config>>,
): Promise<Opened & Attached> =>
  driver.attach({
    clients: () => context.service.endpoint(driver.port),
    peer: () => context.service,
    clock: systemClock,
    seed: 1,
    secret: () => '',
    note: () => undefined,
    scratch: tmpdir,
    beganWith: () => undefined,
    ...context,
    // Not every driver has a default one.
    config: context.config ?? driver.config.parse({}),
  });
