import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the configuration file is empty and the process restarted: it does not come up',
  needs: ['loseConfig'],
  params: z.strictObject({}),
  witnessDeadlineMs: 20_000,
  inject: (target) => target.loseConfig!(),
});
