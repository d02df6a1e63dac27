import { dropTableEntry } from '../../mistakes.ts';
import { postgresFault } from '../system.ts';

export default postgresFault({
  ...dropTableEntry,
  inject: async ({ site }, { table }) => (await import('../drop-table.ts')).dropTable(site, table),
});
