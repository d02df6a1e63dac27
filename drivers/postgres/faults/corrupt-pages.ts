import { corruptPagesEntry } from '../../mistakes.ts';
import { postgresFault } from '../system.ts';

export default postgresFault({
  ...corruptPagesEntry,
  askedAgain: true,
  inject: async ({ site }, params, { seed }) =>
    (await import('../corrupt-pages.ts')).corruptPages(site, { ...params, seed }),
});
