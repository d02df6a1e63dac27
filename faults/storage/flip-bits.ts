import { z } from 'zod';
import { defineStorageFault } from '../../core/fault.ts';
import { damageFile, fileParams } from '../file-damage.ts';

export default defineStorageFault({
  about: 'single bits of a file change on disk',
  params: z.strictObject({
    file: fileParams.file,
    bits: z.int().min(1).max(1_000).default(64).describe('How many bits, spread over the file'),
    restart: fileParams.restart,
  }),
  losesData: true,
  witnessDeadlineMs: 60_000,
  inject: (folder, params, { seed }) => damageFile(folder, { how: 'flip-bits', ...params, seed }),
});
