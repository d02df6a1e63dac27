import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import type { Toxiproxy } from './route-fault.ts';

const failoverParams = z.strictObject({
  proxy: z.string().min(1).describe('The proxy that is moved'),
  upstream: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*:\d{1,5}$/, { error: 'service:port, such as mysql-east:3306' })
    .describe('service:port that it leads to from then on'),
});
export type Failover = z.output<typeof failoverParams>;

/** Where a failover of such parameters leads; null where they are none. */
export function movedTo(params: Record<string, unknown>): { service: string; port: number } | null {
  const { success, data } = failoverParams.safeParse(params);
  if (!success) return null;
  const at = data.upstream.lastIndexOf(':');
  return { service: data.upstream.slice(0, at), port: Number(data.upstream.slice(at + 1)) };
}

const action = actionsOf<Toxiproxy>();

export const actions = {
  'reset-way': action({
    about:
      'the network is mended: every toxic is removed, with the connections that suffered it, and every proxy that was up is up again',
    params: z.strictObject({}),
    run: (system) => system.resetWay(),
  }),
  failover: action({
    about: "a proxy of the clients' way in is moved to another server, and back the same way",
    params: failoverParams,
    run: (system, params) => system.failover(params),
  }),
};
