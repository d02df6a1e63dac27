import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the process dies as by the OOM killer; restart policies act',
  needs: ['crash'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.crash!(),
});
