import { corruptRowsEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...corruptRowsEntry,
  unnoticedPoints: ({ unnoticed }) => unnoticed,
  inject: async ({ site }, params, { seed }) =>
    (await import('../corrupt-rows.ts')).corruptRows(site, { ...params, seed }),
});
