import { deleteRowsEntry } from '../../mistakes.ts';
import { postgresFault } from '../system.ts';

export default postgresFault({
  ...deleteRowsEntry,
  inject: async ({ site }, params, { seed }) =>
    (await import('../delete-rows.ts')).deleteRows(site, { ...params, seed }),
});
