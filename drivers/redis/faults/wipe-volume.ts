import wipeVolume from '../../../faults/storage/wipe-volume.ts';
import { redisFault } from '../system.ts';

export default redisFault({
  about: wipeVolume.about,
  params: wipeVolume.params,
  losesData: 'all',
  witnessDeadlineMs: wipeVolume.witnessDeadlineMs,
  inject: async ({ site }) => (await import('../wipe.ts')).wipe(site),
});
