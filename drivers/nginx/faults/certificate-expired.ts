import { z } from 'zod';
import { nginxFault } from '../system.ts';

export default nginxFault({
  about: 'the certificate that is served expired yesterday; all else about it is right',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 20_000,
  inject: async ({ site }) => (await import('../bad-certificate.ts')).badCertificate(site, 'expired'),
});
