import { z } from 'zod';
import { defineStoreFault } from '../../core/fault.ts';
import { duration } from '../../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy on the route to the store'),
  delay: duration.default({ text: '1s', ms: 1_000 }).describe('How much longer each of its answers takes'),
});

/**
 * The witness is that of the route's own fault: exchanges with the store through the proxy, as a client would
 * make them.
 */
export default defineStoreFault({
  about: 'the route to the store is slow: recovery points become durable later, and are fetched later',
  needsService: true,
  through: 'latency',
  on: 'store',
  params,
  witnessDeadlineMs: 120_000,
  inject: ({ route }, { proxy, delay }, context) =>
    route('latency')!.suffer({ proxy, delay: delay.text }, context),
});
