import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the service is stopped in order',
  needs: ['stop'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.stop!(),
});
