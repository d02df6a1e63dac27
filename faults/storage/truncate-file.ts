import { z } from 'zod';
import { defineStorageFault } from '../../core/fault.ts';
import { damageFile, fileParams } from '../file-damage.ts';

export default defineStorageFault({
  about: 'a file loses its end',
  params: z.strictObject({
    file: fileParams.file,
    keep: z.number().min(0).lt(1).default(0.5).describe('Share of the file that stays'),
    restart: fileParams.restart,
  }),
  losesData: true,
  witnessDeadlineMs: 60_000,
  inject: (folder, params, { seed }) => damageFile(folder, { how: 'truncate', ...params, seed }),
});
