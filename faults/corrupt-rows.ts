import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

const params = z.strictObject({
  table: z.string().describe('Table whose rows are changed: `schema.table` where there are schemas'),
  column: z.string().describe('Text column whose values are changed'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe("Share of its rows, over 0 up to 1; the drill's seed chooses which"),
  unnoticed: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe('Further recovery points of the component that become durable before anyone acts'),
});

export default defineFault({
  about:
    'values of a table are changed without an error anywhere, and are backed up so until somebody acts: the newest recovery points are poisoned',
  needs: ['corruptRows'],
  params,
  witnessDeadlineMs: 30_000,
  unnoticedPoints: ({ unnoticed }) => unnoticed,
  inject: (target, { table, column, share }, { seed }) => target.corruptRows!({ table, column, share, seed }),
});
