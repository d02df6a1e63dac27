import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about:
    'every file of the data volume is overwritten by its ciphertext and renamed, as ransomware does, and the process ends',
  needs: ['encryptVolume'],
  params: z.strictObject({}),
  witnessDeadlineMs: 60_000,
  inject: (target) => target.encryptVolume!(),
});
