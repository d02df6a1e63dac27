import { deleteRowsEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...deleteRowsEntry,
  inject: async ({ site }, params, { seed }) =>
    (await import('../delete-rows.ts')).deleteRows(site, { ...params, seed }),
});
