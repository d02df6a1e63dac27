import { z } from 'zod';
import { defineContainerFault } from '../../core/fault.ts';
import { breakProcess, processGone } from '../process.ts';

export default defineContainerFault({
  about: 'the process dies as by the OOM killer; restart policies act',
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: ({ service }) =>
    breakProcess(service, 'crash', () => service.signalFromHost('SIGKILL'), { seen: processGone }),
});
