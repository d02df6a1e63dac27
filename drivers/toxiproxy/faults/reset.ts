import { z } from 'zod';
import { routeFault } from '../route-fault.ts';
import { duration } from '../../../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that resets connections'),
  after: duration
    .default({ text: '0s', ms: 0 })
    .describe(
      "How long after the answer's first bytes. Connections that are open already are closed at once",
    ),
});

export default routeFault({
  about: "clients' connections are reset (RST) as soon as something is answered on them",
  params,
  witnessDeadlineMs: 60_000,
  inject: (system, { proxy, after }) =>
    system.toxic({
      proxy,
      type: 'reset_peer',
      stream: 'downstream',
      attributes: { timeout: Math.round(after.ms) },
    }),
});
