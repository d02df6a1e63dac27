import { z } from 'zod';
import { defineStoreFault } from '../core/fault.ts';
import { duration } from '../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy in the way to the store'),
  delay: duration.default({ text: '1s', ms: 1_000 }).describe('How much longer each of its answers takes'),
});

/**
 * The witness is that of the toxic: exchanges with the store through the proxy, as a client would make them.
 */
export default defineStoreFault({
  about: 'the way to the store is slow: recovery points become durable later, and are fetched later',
  needsService: true,
  needsWay: true,
  on: 'store',
  params,
  witnessDeadlineMs: 120_000,
  inject: ({ way }, { proxy, delay }) =>
    way()!.toxic!({
      proxy,
      type: 'latency',
      stream: 'downstream',
      attributes: { latency: Math.round(delay.ms), jitter: 0 },
    }),
});
