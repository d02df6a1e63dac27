import wipeVolume from '../../../faults/storage/wipe-volume.ts';
import { mysqlFault } from '../system.ts';

export default mysqlFault({
  about: wipeVolume.about,
  params: wipeVolume.params,
  losesData: 'all',
  witnessDeadlineMs: wipeVolume.witnessDeadlineMs,
  inject: async ({ site }) => (await import('../wipe.ts')).wipe(site),
});
