import { z } from 'zod';
import { pollUntil } from '../../core/clock.ts';
import { actionsOf } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { listed } from './request-shape.ts';
import type { HttpSystem } from './system.ts';

const callDeadlineMs = 60_000;
const action = actionsOf<HttpSystem>();

export const actions = {
  call: action({
    about: 'requests to the service that the configuration names under `calls`: seeding, invalidating, …',
    params: z.strictObject({ name: z.string().describe('One of `calls` of the configuration') }),
    run: async ({ asker, config, clock, ready, setUp, given }, { name }) => {
      if (!Object.hasOwn(config.calls, name))
        throw inputError(`there is no call ${name}`, {
          found: name,
          expected: `one of ${Object.keys(config.calls).join(', ') || 'none here'}`,
        });
      const { runSteps } = await import('./steps.ts');
      // After a recovery it may take a while to come up: nobody calls a service that says it is not ready.
      await pollUntil(clock, { everyMs: 100, deadlineMs: callDeadlineMs }, () => ready());
      await setUp();
      const done = await runSteps(asker, listed(config.calls[name]), given(), { deadlineMs: callDeadlineMs });
      if (done.kind !== 'right') throw environmentError(`the call ${name} came to nothing: ${done.detail}`);
      return { call: name, status: done.answer.status };
    },
  }),
};
