import { z } from 'zod';
import { defineStorageFault } from '../../core/fault.ts';
import { damageFile, fileParams } from '../file-damage.ts';

export default defineStorageFault({
  about: 'a file is deleted; a process that holds it open does not notice before it restarts',
  params: z.strictObject({
    file: fileParams.file,
    restart: fileParams.restart,
  }),
  losesData: true,
  witnessDeadlineMs: 60_000,
  inject: (folder, params, { seed }) => damageFile(folder, { how: 'delete', ...params, seed }),
});
