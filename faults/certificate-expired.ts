import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the certificate that is served expired yesterday; all else about it is right',
  needs: ['badCertificate'],
  params: z.strictObject({}),
  witnessDeadlineMs: 20_000,
  inject: (target) => target.badCertificate!('expired'),
});
