import { z } from 'zod';
import { defineContainerFault } from '../../core/fault.ts';
import { breakProcess, processGone } from '../process.ts';

export default defineContainerFault({
  about: 'the service is stopped in order',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: ({ service }) =>
    breakProcess(service, 'stop', () => service.stop(), {
      seen: processGone,
      stays: (before, now) => (now.status === 'running' ? null : processGone(before, now)),
    }),
});
