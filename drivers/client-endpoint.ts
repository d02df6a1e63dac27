import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { Endpoint, Service } from '../core/service.ts';

/**
 * How long a client waits: for an address, for a connection, for an answer. A busy machine alone takes a
 * second.
 */
export const usualPatienceMs = 2_000;
const endpointKeptMs = 40;

/**
 * Looks the clients' address up anew, since a service that was restarted has another port; but not for each
 * of the many attempts of an outage.
 */
export function endpointLookup(
  clients: () => Promise<Endpoint>,
  clock: Pick<Clock, 'nowMs' | 'after'>,
  withinMs: number,
): () => Promise<Endpoint> {
  let asked: { atMs: number; answer: Promise<Endpoint> } | null = null;
  return () => {
    if (asked === null || clock.nowMs() - asked.atMs > endpointKeptMs) {
      const answer = withDeadline(clock, 'the look-up of where clients go', withinMs, clients());
      asked = { atMs: clock.nowMs(), answer };
      answer.catch(() => undefined);
    }
    return asked.answer;
  };
}

/** A server, by its port, as its clients meet it: wherever a failover has put it. */
export function asClientsReach<Site extends { service: Service; clients(): Promise<Endpoint> }>(
  site: Site,
  serverPort: number,
): Site {
  const service = new Proxy(site.service, {
    get: (own, name) =>
      name === 'endpoint'
        ? (port: number) => (port === serverPort ? site.clients() : own.endpoint(port))
        : Reflect.get(own, name),
  });
  return { ...site, service };
}
