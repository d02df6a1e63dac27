import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  table: z.string().describe('Table whose pages are overwritten: `schema.table` where there are schemas'),
  pages: z
    .int()
    .min(1)
    .max(10_000)
    .default(3)
    .describe(
      "How many of its pages that hold rows, or all where there are fewer; the drill's seed chooses which",
    ),
  pattern: z
    .enum(['random', 'structured'])
    .default('random')
    .describe(
      '`random`: whole pages of random bytes. `structured`: the page keeps its header and trailer, and its rows are other bytes; its checksum no longer fits',
    ),
});

export default defineFault({
  about: 'bytes on disk change under the running server, over pages of one table',
  needs: ['corruptPages'],
  params,
  witnessDeadlineMs: 60_000,
  inject: (target, { table, pages, pattern }, { seed }) =>
    target.corruptPages!({ table, pages, pattern, seed }),
});
