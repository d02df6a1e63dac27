import { z } from 'zod';
import { routeFault } from '../route-fault.ts';

export default routeFault({
  about: "a proxy in the clients' way is down: connections to it are refused",
  params: z.strictObject({ proxy: z.string().describe('The proxy that goes down') }),
  witnessDeadlineMs: 20_000,
  inject: (system, { proxy }) => system.cut(proxy),
});
