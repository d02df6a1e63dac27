import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'an operator removes the container, and its image where only this drill uses it: there is nothing to start again',
  needs: ['removeContainer'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.removeContainer!(),
});
