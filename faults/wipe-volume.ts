import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the data volume is lost, and the process with it',
  needs: ['wipe'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.wipe!(),
});
