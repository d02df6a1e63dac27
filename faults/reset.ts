import { z } from 'zod';
import { defineFault } from '../core/fault.ts';
import { duration } from '../core/strategy.ts';

const params = z.strictObject({
  proxy: z.string().describe('The proxy that resets connections'),
  after: duration
    .default({ text: '0s', ms: 0 })
    .describe(
      "How long after the answer's first bytes. Connections that are open already are closed at once",
    ),
});

export default defineFault({
  about: "clients' connections are reset (RST) as soon as something is answered on them",
  needs: ['toxic'],
  params,
  witnessDeadlineMs: 60_000,
  inject: (target, { proxy, after }) =>
    target.toxic!({
      proxy,
      type: 'reset_peer',
      stream: 'downstream',
      attributes: { timeout: Math.round(after.ms) },
    }),
});
