import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  file: z
    .enum(['data', 'log'])
    .default('data')
    .describe('`data`: what clients wrote. `log`: the write-ahead or append-only log'),
  restart: z
    .boolean()
    .default(true)
    .describe('The process must read the file again. Without, one that holds it open may notice nothing'),
});

export default defineFault({
  about: 'a file is deleted; a process that holds it open does not notice before it restarts',
  needs: ['damageFile'],
  params,
  witnessDeadlineMs: 60_000,
  inject: (target, { file, restart }, { seed }) => target.damageFile!({ how: 'delete', file, restart, seed }),
});
