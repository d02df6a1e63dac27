import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: 'the certificate that is served is for another name, by an authority that no client trusts',
  needs: ['badCertificate'],
  params: z.strictObject({}),
  witnessDeadlineMs: 20_000,
  inject: (target) => target.badCertificate!('wrong'),
});
