import { z } from 'zod';
import { nginxFault } from '../system.ts';

export default nginxFault({
  about: 'the configuration file is empty and the process restarted: it does not come up',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 20_000,
  inject: async ({ site }) => (await import('../lose-config.ts')).loseConfig(site),
});
