import type { Clock } from '../core/clock.ts';
import type { HostSignal } from './host-signal.ts';
import type { NetworkTools } from './network-tools.ts';
import type { Container, Runtime } from './runtime.ts';

/** What the services of one drill have in common. */
export interface DrillSite {
  runtime: Runtime;
  drill: string;
  labels: Record<string, string>;
  hostSignal: HostSignal;
  network: NetworkTools;
  secrets: readonly string[];
  clock: Clock;
  /** An image of Muster's own, made or pulled on demand. Left out where there is none. */
  ownImage?(name: string): Promise<string>;
  /** False: nothing is kept for later drills, and nothing taken that an earlier one kept. */
  snapshots?: boolean;
  /** Has a service's container made anew, from that image. */
  deploy(service: string, image: string): Promise<Container>;
}

/** The container that a service is at present. It is another one after a deployment. */
export interface Place {
  container: Container;
}
