import { closedForWritesEntry } from '../../mistakes.ts';
import { redisFault } from '../system.ts';

export default redisFault({
  ...closedForWritesEntry,
  inject: async ({ site }) => (await import('../fence.ts')).closeWrites(site),
});
