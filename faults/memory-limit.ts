import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: "the container needs more memory than its limit: the kernel's OOM killer ends the process",
  needs: ['exhaustMemory'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.exhaustMemory!(),
});
