import { z } from 'zod';
import { defineFault } from '../core/fault.ts';

export default defineFault({
  about: "a proxy in the clients' way is down: connections to it are refused",
  needs: ['cutProxy'],
  params: z.strictObject({ proxy: z.string().describe('The proxy that goes down') }),
  witnessDeadlineMs: 20_000,
  inject: (target, { proxy }) => target.cutProxy!(proxy),
});
