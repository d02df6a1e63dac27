import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  file: z
    .enum(['data', 'log'])
    .default('data')
    .describe('`data`: what clients wrote. `log`: the write-ahead or append-only log'),
  bits: z.int().min(1).max(1_000).default(64).describe('How many bits, spread over the file'),
  restart: z
    .boolean()
    .default(true)
    .describe('The process must read the file again. Without, one that holds it open may notice nothing'),
});

export default defineFault({
  about: 'single bits of a file change on disk',
  needs: ['damageFile'],
  params,
  witnessDeadlineMs: 60_000,
  inject: (target, { file, bits, restart }, { seed }) =>
    target.damageFile!({ how: 'flip-bits', file, bits, restart, seed }),
});
