import { z } from 'zod';
import { routeFault } from '../route-fault.ts';
import { duration } from '../../../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that becomes slow'),
  stream: z
    .enum(['upstream', 'downstream'])
    .default('downstream')
    .describe('`upstream` is from the client to the server'),
  delay: duration.default({ text: '2s', ms: 2_000 }).describe('How much longer everything takes'),
  jitter: duration
    .default({ text: '0s', ms: 0 })
    .describe("The delay changes by up to this much either way, as the drill's seed says"),
});

export default routeFault({
  about: 'the network is slow: everything through a proxy takes longer',
  params,
  witnessDeadlineMs: 120_000,
  inject: (system, { proxy, stream, delay, jitter }) =>
    system.toxic({
      proxy,
      type: 'latency',
      stream,
      attributes: { latency: Math.round(delay.ms), jitter: Math.round(jitter.ms) },
    }),
});
