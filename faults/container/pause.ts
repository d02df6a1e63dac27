import { z } from 'zod';
import { defineContainerFault } from '../../core/fault.ts';
import type { ServiceState } from '../../core/service.ts';
import { breakProcess, type processGone } from '../process.ts';

const frozen = (before: ServiceState, now: ServiceState): ReturnType<typeof processGone> =>
  now.status === 'paused'
    ? {
        what: `process ${before.pid} is frozen: the engine reports ${now.status}`,
        facts: { pid: now.pid, status: now.status },
      }
    : null;

export default defineContainerFault({
  about: 'the container is frozen, health check included: connections stay open and nothing answers',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: ({ service }) =>
    breakProcess(service, 'pause', () => service.pause(), { seen: frozen, stays: frozen }),
});
