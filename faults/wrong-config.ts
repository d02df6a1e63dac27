import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'a setting that the server does not know gets into its configuration, and it is restarted: it does not come up',
  needs: ['wrongConfig'],
  params: z.strictObject({}),
  witnessDeadlineMs: 60_000,
  inject: (target) => target.wrongConfig!(),
});
