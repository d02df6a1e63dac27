import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the container is frozen, health check included: connections stay open and nothing answers',
  needs: ['pause'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.pause!(),
});
