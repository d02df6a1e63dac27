import type { ActiveFault } from '../../core/active-fault.ts';
import type { System } from '../../core/driver.ts';
import { systemFaults, type SystemFault } from '../../core/fault.ts';
import type { Json } from '../../core/timeline.ts';

/** One toxic of a proxy in the clients' way, in Toxiproxy's own terms. */
export interface ToxicSpec {
  proxy: string;
  type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data';
  stream: 'upstream' | 'downstream';
  attributes: Record<string, number>;
}

/** A proxy that runs, and what can be done to the ways through it. */
export interface Toxiproxy extends System {
  /** Adds a toxic. */
  toxic(spec: ToxicSpec): Promise<ActiveFault>;
  /** Takes a proxy down. */
  cut(proxy: string): Promise<ActiveFault>;
  resetWay(): Promise<Json>;
  failover(to: { proxy: string; upstream: string }): Promise<Json>;
}

/** A fault of one proxy: who does not come by it meets nothing. */
export const routeFault = <Params>(
  fault: Omit<SystemFault<Toxiproxy, Params>, 'on' | 'oneRoute' | 'askedAgain'>,
): SystemFault<Toxiproxy, Params> =>
  systemFaults<Toxiproxy>()({ ...fault, oneRoute: true, askedAgain: true });
