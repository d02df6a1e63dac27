import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  file: z
    .enum(['data', 'log'])
    .default('data')
    .describe('`data`: what clients wrote. `log`: the write-ahead or append-only log'),
  keep: z.number().min(0).lt(1).default(0.5).describe('Share of the file that stays'),
  restart: z
    .boolean()
    .default(true)
    .describe('The process must read the file again. Without, one that holds it open may notice nothing'),
});

export default defineFault({
  about: 'a file loses its end',
  needs: ['damageFile'],
  params,
  witnessDeadlineMs: 60_000,
  inject: (target, { file, keep, restart }, { seed }) =>
    target.damageFile!({ how: 'truncate', file, keep, restart, seed }),
});
