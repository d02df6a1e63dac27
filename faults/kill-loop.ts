import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the process crashes again each time it has come up, before it may recover; restart policies act',
  needs: ['killLoop'],
  params: z.strictObject({
    times: z.int().min(1).max(50).default(3).describe('How often it is killed, the first time included'),
  }),
  refuses: ({ restart }) =>
    restart === null
      ? 'it has no restart policy, so that after the first time there is nothing to kill'
      : null,
  witnessDeadlineMs: 60_000,
  inject: (target, { times }) => target.killLoop!({ times }),
});
