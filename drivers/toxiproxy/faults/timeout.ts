import { z } from 'zod';
import { routeFault } from '../route-fault.ts';
import { duration } from '../../../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that lets nothing through'),
  stream: z
    .enum(['upstream', 'downstream'])
    .default('downstream')
    .describe('`upstream` is from the client to the server'),
  close: duration
    .default({ text: '0s', ms: 0 })
    .describe('Connections are closed after this; 0s keeps them open. At least 200ms otherwise'),
});

export default routeFault({
  about: 'connections are accepted and nothing comes through them',
  params,
  witnessDeadlineMs: 120_000,
  inject: (system, { proxy, stream, close }) =>
    system.toxic({ proxy, type: 'timeout', stream, attributes: { timeout: Math.round(close.ms) } }),
});
