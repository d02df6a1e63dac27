import { z } from 'zod';
import { routeFault } from '../route-fault.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that becomes narrow'),
  stream: z
    .enum(['upstream', 'downstream'])
    .default('downstream')
    .describe('`upstream` is from the client to the server'),
  rate: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .describe('KB/s that each connection gets: a thousand bytes a second'),
});

export default routeFault({
  about: 'the network is narrow: each connection through a proxy gets so many bytes a second',
  params,
  witnessDeadlineMs: 60_000,
  inject: (system, { proxy, stream, rate }) =>
    system.toxic({ proxy, type: 'bandwidth', stream, attributes: { rate } }),
});
