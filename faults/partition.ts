import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'packets vanish: connections time out, on both sides, and nothing is refused (a process that restarts is reachable again)',
  needs: ['partition'],
  params: z.strictObject({
    direction: z
      .enum(['in', 'out', 'both'])
      .default('both')
      .describe('Which packets are dropped: those that arrive, those that leave, or both'),
  }),
  witnessDeadlineMs: 20_000,
  inject: (target, { direction }) => target.partition!(direction),
});
