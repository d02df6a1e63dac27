import { z } from 'zod';
import { pollUntil, type Clock } from '../core/clock.ts';
import type { ActionEntry, System } from '../core/driver.ts';
import { duration } from '../core/duration.ts';
import { environmentError } from '../core/errors.ts';

const startParams = z.strictObject({
  within: duration
    .default({ text: '60s', ms: 60_000 })
    .describe('How long it is waited for; what takes longer to load its data needs more'),
});
type StartParams = z.output<typeof startParams>;

/** What an operator does about a service that was stopped: no restart policy starts that one again. */
export const startAction = <Opened extends System>(
  clockOf: (system: Opened) => Clock,
): ActionEntry<Opened, StartParams> => ({
  about: 'the service is started where somebody had stopped it, and answers as ready',
  params: startParams,
  run: async (system, { within }) => {
    const { service } = system;
    const before = await service.state();
    if (before.status === 'paused') await service.unpause();
    else if (before.status !== 'running') await service.start();
    const ready = (): Promise<boolean> => system.ready();
    if (!(await pollUntil(clockOf(system), { everyMs: 50, deadlineMs: within.ms }, ready))) {
      throw environmentError(`${service.name} was started and does not answer as ready`, {
        found: (await service.state()).status,
        expected: `ready within ${within.text}`,
      });
    }
    return { before: before.status };
  },
});
