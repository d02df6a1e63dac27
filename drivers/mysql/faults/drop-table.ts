import { dropTableEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...dropTableEntry,
  inject: async ({ site }, { table }) => (await import('../drop-table.ts')).dropTable(site, table),
});
