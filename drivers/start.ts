import { z } from 'zod';
import { pollUntil, type Clock } from '../core/clock.ts';
import type { ActionEntry, System } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';

const readyDeadlineMs = 60_000;

/** What an operator does about a service that was stopped: no restart policy starts that one again. */
export const startAction = <Opened extends System>(
  clockOf: (system: Opened) => Clock,
): ActionEntry<Opened, Record<string, never>> => ({
  about: 'the service is started where somebody had stopped it, and answers as ready',
  params: z.strictObject({}),
  run: async (system) => {
    const { service } = system;
    const before = await service.state();
    if (before.status === 'paused') await service.unpause();
    else if (before.status !== 'running') await service.start();
    const ready = (): Promise<boolean> => system.ready();
    if (!(await pollUntil(clockOf(system), { everyMs: 50, deadlineMs: readyDeadlineMs }, ready))) {
      throw environmentError(`${service.name} was started and does not answer as ready`, {
        found: (await service.state()).status,
        expected: `ready within ${readyDeadlineMs} ms`,
      });
    }
    return { before: before.status };
  },
});
