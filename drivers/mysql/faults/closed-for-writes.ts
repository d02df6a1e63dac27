import { closedForWritesEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...closedForWritesEntry,
  inject: async ({ site }) => (await import('../fence.ts')).closeWrites(site),
});
