import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'an operator drops a table by mistake',
  needs: ['dropTable'],
  params: z.strictObject({
    table: z.string().describe('Table that is dropped: `schema.table` where there are schemas'),
  }),
  witnessDeadlineMs: 30_000,
  inject: (target, { table }) => target.dropTable!(table),
});
