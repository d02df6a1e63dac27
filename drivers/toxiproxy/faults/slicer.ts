import { z } from 'zod';
import { routeFault } from '../route-fault.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that cuts data into pieces'),
  stream: z
    .enum(['upstream', 'downstream'])
    .default('downstream')
    .describe('`upstream` is from the client to the server'),
  size: z.int().min(1).max(1_000_000).default(32).describe('Average bytes of a piece'),
  variation: z
    .int()
    .min(0)
    .default(0)
    .describe('How many bytes more or fewer a piece may have; fewer than `size`'),
  pauseMicroseconds: z.int().min(1).max(10_000_000).default(50_000).describe('Pause after each piece'),
});

export default routeFault({
  about: 'data arrives in small pieces with pauses between them',
  params: params.refine(({ size, variation }) => variation < size, {
    error: 'a variation smaller than the size',
    path: ['variation'],
  }),
  witnessDeadlineMs: 60_000,
  inject: (system, { proxy, stream, size, variation, pauseMicroseconds }) =>
    system.toxic({
      proxy,
      type: 'slicer',
      stream,
      attributes: { average_size: size, size_variation: variation, delay: pauseMicroseconds },
    }),
});
