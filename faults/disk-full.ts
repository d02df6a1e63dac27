import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the file system that holds the data is really full; refused unless it is a small one of its own',
  needs: ['fillDisk'],
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  refuses: ({ volumes, ownFileSystems }) =>
    volumes.some((volume) => ownFileSystems.has(volume))
      ? null
      : 'its data lies on the disk of the host, which no drill may fill (give it a volume with driver_opts { type: tmpfs, device: tmpfs, o: "size=256m" })',
  inject: (target) => target.fillDisk!(),
});
