import { corruptRowsEntry } from '../../mistakes.ts';
import { postgresFault } from '../system.ts';

export default postgresFault({
  ...corruptRowsEntry,
  unnoticedPoints: ({ unnoticed }) => unnoticed,
  inject: async ({ site }, params, { seed }) =>
    (await import('../corrupt-rows.ts')).corruptRows(site, { ...params, seed }),
});
