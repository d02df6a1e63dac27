import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'closed for maintenance: every write is refused as read-only, reads and replication go on (how a planned switchover begins)',
  needs: ['closeWrites'],
  params: z.strictObject({}),
  witnessDeadlineMs: 20_000,
  inject: (target) => target.closeWrites!(),
});
