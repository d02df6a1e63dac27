import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  table: z.string().describe('Table that the load writes to: `schema.table` where there are schemas'),
  pages: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe(
      "How many of its pages on which rows were removed or changed since the copy was taken, or all where there are fewer; the drill's seed chooses which",
    ),
});

export default defineFault({
  about:
    'pages of a table are replaced by older versions of themselves, with valid checksums: only a digest of the rows sees it',
  needs: ['stalePages'],
  params,
  witnessDeadlineMs: 30_000,
  inject: (target, { table, pages }, { seed }) => target.stalePages!({ table, pages, seed }),
});
