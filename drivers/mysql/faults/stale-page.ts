import { z } from 'zod';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  about:
    'pages of a table are replaced by older versions of themselves, with valid checksums: only a digest of the rows sees it',
  params: z.strictObject({
    table: z.string().describe('Table that the load writes to: `schema.table` where there are schemas'),
    pages: z
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .describe(
        "How many of its pages on which rows were removed or changed since the copy was taken, or all where there are fewer; the drill's seed chooses which",
      ),
  }),
  losesData: true,
  needsChanges: true,
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: async ({ site }, params, { seed }) =>
    (await import('../stale-pages.ts')).stalePages(site, { ...params, seed }),
});
