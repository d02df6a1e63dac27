import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'the process hangs: connections stay open and nothing answers, and a health check can see it and act',
  needs: ['hang'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.hang!(),
});
