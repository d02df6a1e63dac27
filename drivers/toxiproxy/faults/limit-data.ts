import { z } from 'zod';
import { routeFault } from '../route-fault.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that breaks connections off'),
  stream: z
    .enum(['upstream', 'downstream'])
    .default('downstream')
    .describe('`upstream` is from the client to the server'),
  bytes: z
    .int()
    .min(1)
    .max(512 * 1024)
    .default(16)
    .describe('What a connection lets through in all'),
});

export default routeFault({
  about: 'each connection breaks off once so many bytes have come through',
  params,
  witnessDeadlineMs: 60_000,
  inject: (system, { proxy, stream, bytes }) =>
    system.toxic({ proxy, type: 'limit_data', stream, attributes: { bytes } }),
});
