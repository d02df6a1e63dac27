import { pollUntil, type Clock } from '../core/clock.ts';
import type { Action } from '../core/driver.ts';
import { environmentError, inputError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';

const readyDeadlineMs = 60_000;

export const startAbout = 'the service is started where somebody had stopped it, and answers as ready';

/** What an operator does about a service that was stopped: no restart policy starts that one again. */
export const startAction =
  (service: Service, clock: Clock, ready: () => Promise<boolean>): Action =>
  async (params) => {
    if (Object.keys(params).length > 0)
      throw inputError('start takes no parameters', { found: Object.keys(params).join(', ') });
    const before = await service.state();
    if (before.status === 'paused') await service.unpause();
    else if (before.status !== 'running') await service.start();
    if (!(await pollUntil(clock, { everyMs: 50, deadlineMs: readyDeadlineMs }, ready))) {
      throw environmentError(`${service.name} was started and does not answer as ready`, {
        found: (await service.state()).status,
        expected: `ready within ${readyDeadlineMs} ms`,
      });
    }
    return { before: before.status };
  };
