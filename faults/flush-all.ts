import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'an operator empties the whole server with one command; persistence carries the mistake on, so that a restart brings nothing back',
  needs: ['flushAll'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: (target) => target.flushAll!(),
});
