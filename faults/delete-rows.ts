import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  table: z.string().describe('Table that loses rows: `schema.table` where there are schemas'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe("Share of its rows, over 0 up to 1; the drill's seed chooses which"),
});

export default defineFault({
  about: 'an operator deletes rows of a table by mistake: a WHERE that matches too much',
  needs: ['deleteRows'],
  params,
  witnessDeadlineMs: 30_000,
  inject: (target, { table, share }, { seed }) => target.deleteRows!({ table, share, seed }),
});
