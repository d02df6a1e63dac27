import { corruptPagesEntry } from '../../mistakes.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  ...corruptPagesEntry,
  askedAgain: true,
  inject: async ({ site }, params, { seed }) =>
    (await import('../corrupt-pages.ts')).corruptPages(site, { ...params, seed }),
});
