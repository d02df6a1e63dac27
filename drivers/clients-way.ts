import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { Endpoint } from '../core/service.ts';

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
