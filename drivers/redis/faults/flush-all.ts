import { flushAllEntry } from '../../mistakes.ts';
import { redisFault } from '../system.ts';

export default redisFault({
  ...flushAllEntry,
  inject: async ({ site, own }) => (await import('../flush-all.ts')).flushAll(site, own),
});
