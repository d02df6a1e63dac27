import { z } from 'zod';
import { nginxFault } from '../system.ts';

export default nginxFault({
  about: 'the certificate that is served is for another name, by an authority that no client trusts',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 20_000,
  inject: async ({ site }) => (await import('../bad-certificate.ts')).badCertificate(site, 'wrong'),
});
